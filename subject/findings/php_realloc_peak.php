<?php
// php_realloc_peak: the peak leaves out that a string and its longer copy are both there.
//
// php -n php_realloc_peak.php
// Debian: php8.2-cli 8.2.36
// Status 1: the defect shows.
ini_set('memory_limit', '1G');
ini_set('display_errors', '0');

// A string in the middle of others that grows to 70 MiB by pieces of 10: it has to move.
function grow(): void {
    $piece = str_repeat('x', 10 << 20);
    $string = str_repeat('y', 10 << 20);
    $behind = str_repeat('z', 10 << 20);
    for ($i = 0; $i < 6; $i++) {
        $string .= $piece;
    }
}

grow();
$peak = memory_get_peak_usage();
$real = memory_get_peak_usage(true);
$limit = intdiv($peak * 5, 4);
printf("peak %d (from the system: %d); the same with a limit of %d: ", $peak, $real, $limit);
$status = 1;
register_shutdown_function(function () {
    if ($GLOBALS['status'] === 1) {
        echo "exhausted\n";
    }
    exit($GLOBALS['status']);
});
ini_set('memory_limit', (string)$limit);
grow();
$status = 0;
echo "enough\n";

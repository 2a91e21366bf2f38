// picture: chooses what has room, has it drawn, writes it.

#include "cli/dump/export/picture.h"

#include "cli/dump/copy/target.h"
#include "cli/io/cli.h"

int picture_write(struct holding *holding, size_t limit, const char *to, picture_draw *draw) {
    struct explain explain;
    struct kept kept = {.count = 0};
    struct text text = {.bytes = NULL};
    int status = explain_read(&explain, holding);
    if (status == CLI_CLEAN) {
        if (kept_choose(&kept, holding->graph, limit) &&
            draw(&text, holding->path, &kept, &explain)) {
            status = target_write(to, text.bytes, text.used);
        } else {
            cli_message("%s: out of memory", holding->path);
            status = CLI_ENVIRONMENT;
        }
    }
    explain_fini(&explain);
    kept_fini(&kept);
    text_finish(&text); // nothing of it was kept for stdout
    return status;
}

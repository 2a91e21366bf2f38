// sqlite_page_cache_in_bulk: pages that the cache takes from malloc in one piece are no overflow.
//
// cc sqlite_page_cache_in_bulk.c -lsqlite3
// Debian: libsqlite3-dev 3.40.1
// Status 1: the defect shows.
#include <sqlite3.h>
#include <stdio.h>

int main(void) {
    char name[] = ""; // a temporary file, no page buffer was configured: all pages come from malloc
    sqlite3 *db = NULL;
    sqlite3_open(name, &db);
    sqlite3_exec(db, "create table t(a); insert into t values(zeroblob(30000))", NULL, NULL, NULL);
    int cache = 0, most = 0;
    sqlite3_int64 overflow = 0, highest = 0;
    sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_USED, &cache, &most, 0);
    sqlite3_status64(SQLITE_STATUS_PAGECACHE_OVERFLOW, &overflow, &highest, 0);
    printf("page cache of the connection: %d bytes; page cache taken from malloc: %lld\n", cache,
           (long long)overflow);
    sqlite3_close(db);
    return overflow < cache / 2;
}

// talloc_limit_pool: a pool is charged to the limit with its size and given back without it.
//
// cc -Wno-deprecated-declarations talloc_limit_pool.c -ltalloc
// Debian: libtalloc-dev 2.4.0
// Status 1: the defect shows.
#include <stdio.h>
#include <talloc.h>

int main(void) {
    TALLOC_CTX *limited = talloc_new(NULL);
    talloc_set_memlimit(limited, 3000);
    void *first = talloc_pool(limited, 1500);
    talloc_free(first);
    void *second = talloc_pool(limited, 1500);
    printf("limit 3000: a pool of 1500 %s; freed; another of 1500 %s\n",
           first != NULL ? "given" : "refused", second != NULL ? "given" : "refused");
    return first != NULL && second == NULL;
}

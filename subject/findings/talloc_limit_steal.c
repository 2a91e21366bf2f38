// talloc_limit_steal: what moves out of a limited context stays on its account for ever.
//
// cc -Wno-deprecated-declarations talloc_limit_steal.c -ltalloc
// Debian: libtalloc-dev 2.4.0
// Status 1: the defect shows.
#include <stdio.h>
#include <talloc.h>

int main(void) {
    TALLOC_CTX *limited = talloc_new(NULL), *other = talloc_new(NULL);
    talloc_set_memlimit(limited, 3000);
    void *object = talloc_size(limited, 2000);
    talloc_steal(other, object);
    void *next = talloc_size(limited, 2000);
    printf("limit 3000, held %zu after the first 2000 moved out; 2000 more: %s\n",
           next != NULL ? talloc_total_size(limited) - 2000 : talloc_total_size(limited),
           next != NULL ? "given" : "refused");
    return next == NULL;
}

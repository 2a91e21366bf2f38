// sdl_realloc_to_nothing: an object that SDL_realloc freed is counted as outstanding for ever.
//
// cc sdl_realloc_to_nothing.c -lSDL2
// Debian: libsdl2-dev 2.26.5
// Status 1: the defect shows.
#include <SDL2/SDL.h>
#include <stdio.h>

int main(int argc, char **argv) {
    (void)argc, (void)argv;
    int before = SDL_GetNumAllocations();
    void *object = SDL_malloc(10);
    object = SDL_realloc(object, 0);
    int after = SDL_GetNumAllocations();
    printf("allocations: %d; malloc(10), realloc(0) gave %p: %d\n", before, object, after);
    return object == NULL && after != before;
}

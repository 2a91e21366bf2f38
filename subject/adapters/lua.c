// lua: a state of Lua whose objects are user data; what its allocator gave is counted beside it.
// needs: liblua5.4-dev lua5.4/lua.h
// link: -llua5.4
#include "subject/subject.h"

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <stdlib.h>

struct state {
    lua_State *lua;
    size_t taken_bytes; // that the allocator below gave and did not get back
};

static void *resize(void *context, void *object, size_t old_bytes, size_t bytes) {
    struct state *state = context;
    size_t old = object == NULL ? 0 : old_bytes; // of a new object it is a type
    void *result = NULL;
    if (bytes == 0) {
        free(object);
    } else if ((result = realloc(object, bytes)) == NULL) {
        return NULL;
    }
    state->taken_bytes += bytes - old;
    return result;
}

static void *create(const struct countercheck_host *host) {
    struct state *state = calloc(1, sizeof *state);
    (void)host;
    if (state != NULL && (state->lua = lua_newstate(resize, state)) == NULL) {
        free(state);
        return NULL;
    }
    if (state != NULL) {
        (void)lua_gc(state->lua, LUA_GCSTOP); // it collects when it is told to, and not before
    }
    return state;
}
static void destroy(void *self) {
    struct state *state = self;
    lua_close(state->lua);
    free(state);
}
static int make(lua_State *lua) { // size -> light user data; the registry keeps the object
    void *object = lua_newuserdatauv(lua, (size_t)lua_tointeger(lua, 1), 0);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, object);
    lua_pushlightuserdata(lua, object);
    return 1;
}
static void *allocate(void *self, size_t size) {
    lua_State *lua = ((struct state *)self)->lua;
    lua_pushcfunction(lua, make);
    lua_pushinteger(lua, (lua_Integer)size);
    void *object = lua_pcall(lua, 1, 1, 0) == LUA_OK ? lua_touserdata(lua, -1) : NULL;
    lua_pop(lua, 1);
    return object;
}
static void drop(void *self, void *object) {
    lua_State *lua = ((struct state *)self)->lua;
    lua_pushnil(lua);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, object);
}
static void collect(void *self) {
    (void)lua_gc(((struct state *)self)->lua, LUA_GCCOLLECT);
}

static const struct countercheck_statistic statistics[] = {
    {"count", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {"taken", COUNTERCHECK_GAUGE, 0, 0, 0, NULL, "B"},
    {NULL, COUNTERCHECK_PLAIN, 0, 0, 0, NULL, NULL},
};
static bool read_statistics(void *self, int64_t *values) {
    struct state *state = self;
    values[0] = (int64_t)lua_gc(state->lua, LUA_GCCOUNT) * 1024 + lua_gc(state->lua, LUA_GCCOUNTB);
    values[1] = (int64_t)state->taken_bytes;
    return true;
}

static const struct countercheck_subject table = {
    .struct_size_bytes = sizeof(struct countercheck_subject),
    .abi = COUNTERCHECK_ABI,
    .capabilities = COUNTERCHECK_MAY_FAIL | COUNTERCHECK_RANDOM,
    .name = "lua",
    .version = "5.4",
    .alignment = 8,
    .create = create,
    .destroy = destroy,
    .allocate = allocate,
    .drop = drop,
    .collect = collect,
    .statistics = statistics,
    .read = read_statistics,
};
const struct countercheck_subject *countercheck_subject_table(void) {
    return &table;
}

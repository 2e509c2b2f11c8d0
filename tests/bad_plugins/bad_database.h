/* A database with nothing wrong, which keeps nothing: every unit is committed at once. A bad one changes in `spoil` what is
 * wrong with it. */
#ifndef BAD_DATABASE_H
#define BAD_DATABASE_H

#include "bad.h"

struct bad_connection {
    const sluice_database_sink* sink;
    uint64_t units;
};

BAD_UNUSED static uint64_t bad_capabilities(void* self) {
    (void)self;
    return 0;
}

BAD_UNUSED static sluice_status bad_open(void* self, sluice_fault* fault) {
    (void)self;
    (void)fault;
    return SLUICE_OK;
}

BAD_UNUSED static sluice_status bad_connect(void* self, const sluice_database_sink* sink, void** connection,
                                            sluice_fault* fault) {
    struct bad_connection* made = (struct bad_connection*)calloc(1, sizeof *made);
    (void)self;
    if (made == NULL) return bad_fail(fault, SLUICE_UNAVAILABLE, "no memory");
    made->sink = sink;
    *connection = made;
    return SLUICE_OK;
}

BAD_UNUSED static void bad_disconnect(void* connection) {
    free(connection);
}

BAD_UNUSED static sluice_status bad_prepare(void* connection, sluice_bytes sql, uint32_t* statement, sluice_fault* fault) {
    (void)connection;
    (void)sql;
    (void)fault;
    *statement = 1;
    return SLUICE_OK;
}

BAD_UNUSED static sluice_status bad_unit_begin(void* connection, uint64_t* unit, sluice_fault* fault) {
    (void)fault;
    *unit = ++((struct bad_connection*)connection)->units;
    return SLUICE_OK;
}

BAD_UNUSED static sluice_status bad_execute(void* connection, uint64_t unit, sluice_ticket ticket, uint32_t statement,
                                            const sluice_value* values, uint32_t count, sluice_fault* fault) {
    (void)connection;
    (void)unit;
    (void)ticket;
    (void)statement;
    (void)values;
    (void)count;
    (void)fault;
    return SLUICE_QUEUED;
}

BAD_UNUSED static sluice_status bad_query(void* connection, uint64_t unit, sluice_ticket ticket, uint32_t statement,
                                          const sluice_value* values, uint32_t count, const sluice_row_sink* sink,
                                          sluice_fault* fault) {
    (void)sink;
    return bad_execute(connection, unit, ticket, statement, values, count, fault) == SLUICE_QUEUED ? SLUICE_OK : SLUICE_FAILED;
}

BAD_UNUSED static void bad_drop(void* connection, uint64_t unit, sluice_ticket ticket) {
    (void)connection;
    (void)unit;
    (void)ticket;
}

BAD_UNUSED static sluice_status bad_seal(void* connection, uint64_t unit, sluice_fault* fault) {
    (void)connection;
    (void)unit;
    (void)fault;
    return SLUICE_OK;
}

BAD_UNUSED static void bad_commit_submit(void* connection, uint64_t unit, uint64_t token) {
    const sluice_database_sink* sink = ((struct bad_connection*)connection)->sink;
    const sluice_bytes none = {NULL, 0};
    (void)unit;
    sink->committed(sink->context, token, SLUICE_OK, NULL, 0, none);
}

BAD_UNUSED static void bad_abandon_unit(void* connection, uint64_t unit) {
    (void)connection;
    (void)unit;
}

BAD_UNUSED static void bad_restart(void* connection) {
    (void)connection;
}

BAD_UNUSED static sluice_database bad_database(void) {
    sluice_database table;
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.create = bad_create;
    table.destroy = bad_destroy;
    table.capabilities = bad_capabilities;
    table.open = bad_open;
    table.close = bad_destroy;
    table.connect = bad_connect;
    table.disconnect = bad_disconnect;
    table.prepare = bad_prepare;
    table.unit_begin = bad_unit_begin;
    table.execute = bad_execute;
    table.query = bad_query;
    table.drop = bad_drop;
    table.forget = bad_drop;
    table.seal = bad_seal;
    table.commit_submit = bad_commit_submit;
    table.abandon_unit = bad_abandon_unit;
    table.restart = bad_restart;
    return table;
}

/* The rest of a plugin whose table is bad_database() changed by `spoil`. */
#define BAD_DATABASE_REST(spoil)                                                                  \
    BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_JSON(BAD_COMPONENT("database", ""))); \
    static sluice_database bad_spoilt;                                                            \
    __attribute__((constructor)) static void make_table(void) {                                   \
        bad_spoilt = bad_database();                                                              \
        spoil(&bad_spoilt);                                                                       \
    }                                                                                             \
    BAD_REST(SLUICE_KIND_DATABASE, &bad_spoilt)

#endif

// A database that throws from every function a message's way leads through, once each; and always where it says what it lives
// in.
#include <stdexcept>
#include <string>

#include "bad_database.h"

static void once(const char* name, bool& thrown) {
    if (thrown) return;
    thrown = true;
    throw std::runtime_error(std::string("thrown by ") + name);
}

static sluice_status unit_begin(void* connection, uint64_t* unit, sluice_fault* fault) {
    static bool thrown;
    once("unit_begin", thrown);
    return bad_unit_begin(connection, unit, fault);
}

static sluice_status execute(void* connection, uint64_t unit, sluice_ticket ticket, uint32_t statement,
                             const sluice_value* values, uint32_t count, sluice_fault* fault) {
    static bool thrown;
    once("execute", thrown);
    return bad_execute(connection, unit, ticket, statement, values, count, fault);
}

static sluice_status seal(void* connection, uint64_t unit, sluice_fault* fault) {
    static bool thrown;
    once("seal", thrown);
    return bad_seal(connection, unit, fault);
}

static void restart(void*) {
    throw std::runtime_error("thrown by restart");
}

static sluice_bytes resource_id(void*) {
    throw std::runtime_error("thrown by resource_id");
}

static void close_(void*) {
    throw std::runtime_error("thrown by close");
}

static void spoil(sluice_database* table) {
    table->unit_begin = unit_begin;
    table->execute = execute;
    table->seal = seal;
    table->restart = restart;
    table->resource_id = resource_id;
    table->close = close_;
}

BAD_DATABASE_REST(spoil);

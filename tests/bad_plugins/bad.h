/* What the bad plugins share: a handler with nothing wrong, in pieces, so that each source shows only what is wrong with it.
 *
 * BAD_NAME, given by CMake, is the name of the file and of its component. Every plugin leaves a mark as soon as any code of it
 * runs, even a constructor: the file that the environment names in SLUICE_MARK. */
#ifndef BAD_H
#define BAD_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sluice/sluice.h"

#define BAD_UNUSED __attribute__((unused))
#define BAD_BYTES(text) \
    { text, sizeof(text) - 1 }

__attribute__((constructor)) static void leave_mark(void) {
    const char* mark = getenv("SLUICE_MARK");
    if (mark != NULL) (void)close(open(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

BAD_UNUSED static sluice_status bad_fail(sluice_fault* fault, sluice_status status, const char* text) {
    return sluice_fault_set(fault, status, text, strlen(text));
}

/* ---- the manifest ---- */

#define BAD_ID "org.example." BAD_NAME
#define BAD_VERSION "1.0.0"
#define BAD_COMPONENT(kind, more) "{\"kind\":\"" kind "\",\"name\":\"" BAD_NAME "\"" more "}"
#define BAD_JSON(components) "{\"id\":\"" BAD_ID "\",\"version\":\"" BAD_VERSION "\",\"components\":[" components "]}"
#define BAD_HANDLER_JSON BAD_JSON(BAD_COMPONENT("handler", ""))

#define BAD_MANIFEST(major, minor, needed, json)                                  \
    __attribute__((section(SLUICE_MANIFEST_SECTION), used)) static const struct { \
        sluice_manifest_head head;                                                \
        char text[sizeof(json)];                                                  \
    } bad_manifest = {{{'S', 'L', 'U', 'I', 'C', 'E', 'M', '1'}, major, minor, needed, 0, sizeof(json) - 1, 0}, json}

#define BAD_GOOD_MANIFEST BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_HANDLER_JSON)

/* ---- the handler ---- */

BAD_UNUSED static int bad_instance;

BAD_UNUSED static sluice_status bad_create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    (void)setup;
    (void)fault;
    *self = &bad_instance;
    return SLUICE_OK;
}

BAD_UNUSED static sluice_verdict bad_handle(void* self, const sluice_message* message, sluice_ticket ticket,
                                            sluice_fault* fault) {
    (void)self;
    (void)message;
    (void)ticket;
    (void)fault;
    return SLUICE_DONE;
}

BAD_UNUSED static void bad_destroy(void* self) {
    (void)self;
}

#define BAD_TABLE(create, handle) \
    { sizeof(sluice_handler), 0, create, NULL, handle, NULL, bad_destroy, NULL, NULL }

BAD_UNUSED static const sluice_handler bad_good_table = BAD_TABLE(bad_create, bad_handle);

/* ---- the module and the entry ---- */

#define BAD_ONE_COMPONENT(kind, table)                                                                   \
    static const sluice_component* bad_component(uint32_t index) {                                       \
        static const sluice_component component = {sizeof(component), kind, BAD_BYTES(BAD_NAME), table}; \
        return index == 0 ? &component : NULL;                                                           \
    }

#define BAD_MODULE(id, version, count, init, component)                                                                \
    static const sluice_module bad_module = {sizeof(bad_module), count, BAD_BYTES(id), BAD_BYTES(version), init, NULL, \
                                             component}

#define BAD_ENTRY(minor_, module_)                                                                              \
    sluice_status sluice_plugin_entry_v1(const sluice_hello* hello, sluice_reply* reply, sluice_fault* fault) { \
        (void)hello;                                                                                            \
        (void)fault;                                                                                            \
        reply->minor_needed = 0;                                                                                \
        reply->minor = minor_;                                                                                  \
        reply->module = module_;                                                                                \
        return SLUICE_OK;                                                                                       \
    }                                                                                                           \
    SLUICE_STATIC_ASSERT(1, "takes the semicolon")

/* All that follows the manifest, for a plugin whose fault lies in its table. */
#define BAD_REST(kind, table)                                \
    BAD_ONE_COMPONENT(kind, table)                           \
    BAD_MODULE(BAD_ID, BAD_VERSION, 1, NULL, bad_component); \
    BAD_ENTRY(0, &bad_module)

#endif

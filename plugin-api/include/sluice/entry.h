/* The one exported symbol, and the handshake.
 *
 *   read manifest -> check file -> load -> entry -> init -> component -> create -> start -> work -> stop -> destroy -> fini
 *
 * The minor both sides then speak is the lower of the two maxima; each side refuses if that is below what it needs. */
#ifndef SLUICE_ENTRY_H
#define SLUICE_ENTRY_H

#include "sluice/database.h"
#include "sluice/handler.h"
#include "sluice/manifest.h"
#include "sluice/queue.h"

#define SLUICE_ENTRY_SYMBOL "sluice_plugin_entry_v1"

#define SLUICE_KIND_HANDLER 1u
#define SLUICE_KIND_QUEUE 2u
#define SLUICE_KIND_DATABASE 3u

typedef struct sluice_component {
    uint32_t struct_size;
    uint32_t kind;     /* SLUICE_KIND_ */
    sluice_bytes name; /* as in the manifest */
    const void* table; /* sluice_handler, sluice_queue or sluice_database; lives as long as the process */
} sluice_component;

typedef struct sluice_module {
    uint32_t struct_size;
    uint32_t component_count;
    sluice_bytes id;      /* as in the manifest */
    sluice_bytes version; /* as in the manifest */
    /* [control] once, before the first create. NULL = nothing to do. If it fails, fini is not called. */
    sluice_status (*init)(sluice_fault* fault);
    /* [control] once, after the last destroy. NULL = nothing to do. */
    void (*fini)(void);
    /* [control] index 0 .. component_count - 1, in the manifest's order; NULL is a contract error. */
    const sluice_component* (*component)(uint32_t index);
} sluice_module;

typedef struct sluice_hello {
    uint32_t struct_size;
    uint16_t minor_oldest; /* the host speaks these minors, */
    uint16_t minor_newest; /* both included */
    sluice_bytes host_name;
    sluice_bytes host_version;
} sluice_hello;

typedef struct sluice_reply {
    uint32_t struct_size;
    uint16_t minor_needed; /* the plugin's oldest */
    uint16_t minor;        /* the lower of hello->minor_newest and the minor built against */
    const sluice_module* module;
} sluice_reply;

/* [control] Fills the reply, whose struct_size the host has set. Anything but SLUICE_OK refuses the host, with a text. */
typedef sluice_status (*sluice_plugin_entry_fn)(const sluice_hello* hello, sluice_reply* reply, sluice_fault* fault);

/* The definition a plugin provides, with SLUICE_EXPORT; everything else it keeps hidden. */
SLUICE_EXTERN_C SLUICE_EXPORT sluice_status sluice_plugin_entry_v1(const sluice_hello* hello, sluice_reply* reply,
                                                                   sluice_fault* fault);

#endif

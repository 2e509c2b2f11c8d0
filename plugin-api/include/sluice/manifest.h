/* The manifest: what a plugin is, readable without running it.
 *
 * It stands in the ELF section `.sluice.manifest`: the fixed head below, then `text_size` bytes of JSON (RFC 8259, UTF-8):
 *
 *   { "id": "com.acme.orders", "version": "1.2.0",
 *     "components": [
 *       { "kind": "handler",              // handler, queue or database
 *         "name": "orders", "summary": "Writes orders to a table.",
 *         "roles": ["source", "target"],  // queue only
 *         "options": [
 *           { "name": "table",
 *             "type": "string",           // string, path, integer, number, boolean, duration, size, one-of, list, map, any
 *             "help": "Table that receives the orders.",
 *             "required": false,          // absent = false
 *             "default": "orders",        // as it would be written in YAML, but as a JSON string, or absent
 *             "secret": false,            // absent = false; masked wherever the configuration is shown
 *             "choices": ["a", "b"],      // one-of only
 *             "minimum": 1, "maximum": 9, // integer, number, duration (ms), size (bytes); absent = unbounded
 *             "role": "source" } ] } ] }  // queue only: belongs to this role alone; absent = to both
 *
 * Unknown members are ignored, so that later minors may add some. A component of an unknown kind, or with a role or a type of
 * option that is unknown, is skipped: it is shown as one that needs a newer host, and the others of the file work. At most
 * SLUICE_MANIFEST_TEXT_MAX bytes.
 */
#ifndef SLUICE_MANIFEST_H
#define SLUICE_MANIFEST_H

#include "sluice/abi.h"

#define SLUICE_MANIFEST_SECTION ".sluice.manifest"
#define SLUICE_MANIFEST_MAGIC "SLUICEM1" /* eight bytes, no terminator */
#define SLUICE_MANIFEST_TEXT_MAX 262144u

/* Frozen: a host of any age can read it. Little endian. */
typedef struct sluice_manifest_head {
    char magic[8];
    uint16_t abi_major;
    uint16_t abi_minor;        /* built against */
    uint16_t abi_minor_needed; /* works with no host older than this; what the plugin uses, not what it was built with */
    uint16_t reserved;
    uint32_t text_size;
    uint32_t reserved2;
} sluice_manifest_head;

#endif

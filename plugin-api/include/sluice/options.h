/* A component's configuration as it reaches the plugin: already checked against the manifest's options, defaults filled in,
 * a tree of typed nodes.
 *
 * How the option types of the manifest arrive:
 *
 *   string, one-of  text                              boolean   boolean
 *   path            text, absolute ("-" stays "-")    duration  integer, milliseconds
 *   integer         integer                           size      integer, bytes
 *   number          real                              list, map, any   as written: scalars by their YAML type
 */
#ifndef SLUICE_OPTIONS_H
#define SLUICE_OPTIONS_H

#include "sluice/abi.h"

typedef struct sluice_node sluice_node; /* the host's; lives as long as the instance */

#define SLUICE_NODE_ABSENT 0u
#define SLUICE_NODE_NULL 1u
#define SLUICE_NODE_TEXT 2u
#define SLUICE_NODE_INTEGER 3u
#define SLUICE_NODE_REAL 4u
#define SLUICE_NODE_BOOLEAN 5u
#define SLUICE_NODE_LIST 6u
#define SLUICE_NODE_MAP 7u

/* [any]; a NULL node is absent. Every view lives as long as the instance. */
typedef struct sluice_options_api {
    uint32_t struct_size;
    uint32_t reserved;
    uint32_t (*kind)(const sluice_node* node);
    sluice_bytes (*text)(const sluice_node* node); /* the scalar as text, whatever its kind; empty for list and map */
    int64_t (*integer)(const sluice_node* node);   /* integer, boolean as 0 or 1; else 0 */
    double (*real)(const sluice_node* node);       /* real or integer; else 0 */
    uint64_t (*count)(const sluice_node* node);    /* entries of a list or map */
    /* in file order; name: map only, may be NULL */
    const sluice_node* (*at)(const sluice_node* node, uint64_t index, sluice_bytes* name);
    const sluice_node* (*find)(const sluice_node* node, sluice_bytes name); /* NULL = absent */
    sluice_bytes (*where)(const sluice_node* node); /* "file:line:column: key.path" for error messages */
} sluice_options_api;

#endif

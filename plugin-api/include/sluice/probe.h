/* What a component finds where it would connect, for `sluice check --connect`. */
#ifndef SLUICE_PROBE_H
#define SLUICE_PROBE_H

#include "sluice/abi.h"

/* Names of facts that mean the same in every component; any other name may be told as well. */

#define SLUICE_FACT_SERVER "server"         /* product and version: "SQLite 3.40.1" */
#define SLUICE_FACT_DURABILITY "durability" /* what has happened to a message once it is confirmed, and what it survives */
#define SLUICE_FACT_REDELIVERY "redelivery" /* what is delivered again, and when */
#define SLUICE_FACT_ORDER "order"           /* in which order messages come, and what keeps it */
#define SLUICE_FACT_LIMITS "limits"         /* how much there may be: of a message, of a queue */

/* Where probe() tells what it has found. The host's; to be called from inside probe() only, by its thread. */
typedef struct sluice_probe_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* context;
    /* One fact; both are short, in UTF-8, without a line end. The host copies, shows facts in the order in which they come, and
     * may leave out what is too much. */
    void (*fact)(void* context, sluice_bytes name, sluice_bytes value);
} sluice_probe_sink;

#endif

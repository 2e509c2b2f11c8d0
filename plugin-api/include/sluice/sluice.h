/* All of the stable ABI. */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include "sluice/abi.h"
#include "sluice/database.h"
#include "sluice/entry.h"
#include "sluice/fault.h"
#include "sluice/handler.h"
#include "sluice/host.h"
#include "sluice/manifest.h"
#include "sluice/manifest_c.h"
#include "sluice/message.h"
#include "sluice/options.h"
#include "sluice/probe.h"
#include "sluice/queue.h"

#endif

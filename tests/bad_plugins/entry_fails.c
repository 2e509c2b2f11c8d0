/* The entry refuses the host. */
#include "bad.h"

BAD_GOOD_MANIFEST;

sluice_status sluice_plugin_entry_v1(const sluice_hello* hello, sluice_reply* reply, sluice_fault* fault) {
    (void)hello;
    (void)reply;
    return bad_fail(fault, SLUICE_UNSUPPORTED, "this machine has no frobnicator");
}

/* Defers each message and reads it on a thread of its own, long after its time (handler.timeout) is over: it has no `cancel`,
 * and has not said that it keeps no views. If the body is not what it was the message is rejected. */
#include <pthread.h>
#include <time.h>

#include "bad.h"

struct instance {
    const sluice_host_api* api;
    sluice_host* host;
};

struct job {
    struct instance* instance;
    sluice_ticket ticket;
    sluice_bytes view;
    char copy[256];
    uint64_t size;
};

static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    struct instance* instance = (struct instance*)calloc(1, sizeof *instance);
    if (instance == NULL) return bad_fail(fault, SLUICE_UNAVAILABLE, "no memory");
    instance->api = setup->api;
    instance->host = setup->host;
    *self = instance;
    return SLUICE_OK;
}

static void destroy(void* self) {
    free(self);
}

static void* read_late(void* given) {
    struct job* job = (struct job*)given;
    const struct timespec pause = {0, 300 * 1000 * 1000};
    sluice_ending ending;
    int same;
    nanosleep(&pause, NULL);
    same = job->view.size == job->size && memcmp(job->view.data, job->copy, (size_t)job->size) == 0;
    memset(&ending, 0, sizeof ending);
    ending.struct_size = sizeof ending;
    ending.verdict = same ? SLUICE_DONE : SLUICE_REJECT;
    ending.text.data = "the message was overwritten";
    ending.text.size = same ? 0 : strlen(ending.text.data);
    (void)job->instance->api->complete(job->instance->host, job->ticket, &ending);
    free(job);
    return NULL;
}

static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    struct job* job = (struct job*)calloc(1, sizeof *job);
    pthread_t thread;
    (void)fault;
    if (job == NULL || message->body.size > sizeof job->copy) return SLUICE_REJECT;
    job->instance = (struct instance*)self;
    job->ticket = ticket;
    job->view = message->body;
    job->size = message->body.size;
    memcpy(job->copy, message->body.data, (size_t)job->size);
    if (pthread_create(&thread, NULL, read_late, job) != 0) return SLUICE_REJECT;
    (void)pthread_detach(thread);
    return SLUICE_DEFER;
}

static const sluice_handler table = {sizeof(table), 0, create, NULL, handle, NULL, destroy, NULL, NULL};

BAD_GOOD_MANIFEST;
BAD_REST(SLUICE_KIND_HANDLER, &table);

#include "message_cache.h"

#include <pthread.h>

#undef malloc
#undef realloc
#undef free

__thread struct message_cache message_cache;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void at_thread_end(void *ended) {
        struct message_cache *cache = ended;
        size_t bin;
        cache->bytes = MESSAGE_CACHE_BYTES; /* what other destructors free is not kept */
        for (bin = 0; bin < MESSAGE_CACHE_BINS; ++bin) {
                while (cache->free[bin]) {
                        void *memory     = cache->free[bin];
                        cache->free[bin] = *(void **)memory;
                        free(memory);
                }
        }
}

static void make_key(void) {
        (void)pthread_key_create(&key, at_thread_end);
}

void message_cache_watch(void) {
        (void)pthread_once(&once, make_key);
        (void)pthread_setspecific(key, &message_cache);
        message_cache.watched = 1;
}

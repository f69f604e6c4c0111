/* Included before the sources of librdkafka that make and free messages: what they free is kept for what they make.
 *
 * A record is four allocations, made and freed thousands at a time. glibc keeps seven of each size for a thread; the
 * rest it merges with its neighbours and cuts up again, which costs a third of all CPU time of sending small records.
 * Memory comes from malloc() and may go to free() as well, so it does not matter who else frees or made it.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* before the first header of the system */
#endif
#include <malloc.h>
#include <stdlib.h>

#define MESSAGE_CACHE_STEP 16
#define MESSAGE_CACHE_BINS 32 /* up to 520 bytes: a message without what it points to has 200 to 300 */
#define MESSAGE_CACHE_BYTES (8 << 20) /* a thread; 17,000 records */

struct message_cache {
        void *free[MESSAGE_CACHE_BINS]; /* those of bin i have room for 16 i + 8 bytes; each begins with the next one */
        size_t bytes;
        int watched; /* the end of the thread frees it all */
};

extern __thread struct message_cache message_cache;

void message_cache_watch(void);

static inline void *message_cache_malloc(size_t size) {
        struct message_cache *cache = &message_cache;
        size_t bin                  = size <= 24 ? 1 : (size + 7) / MESSAGE_CACHE_STEP; /* glibc gives no less */
        void *memory;
        if (bin >= MESSAGE_CACHE_BINS || !(memory = cache->free[bin]))
                return malloc(size);
        cache->free[bin] = *(void **)memory;
        cache->bytes -= bin * MESSAGE_CACHE_STEP;
        return memory;
}

static inline void message_cache_free(void *memory) {
        struct message_cache *cache = &message_cache;
        size_t bin;
        if (!memory)
                return;
        bin = (malloc_usable_size(memory) - 8) / MESSAGE_CACHE_STEP;
        if (bin >= MESSAGE_CACHE_BINS || cache->bytes >= MESSAGE_CACHE_BYTES) {
                free(memory);
                return;
        }
        if (!cache->watched)
                message_cache_watch();
        *(void **)memory = cache->free[bin];
        cache->free[bin] = memory;
        cache->bytes += bin * MESSAGE_CACHE_STEP;
}

static inline void *message_cache_realloc(void *memory, size_t size) {
        return memory ? realloc(memory, size) : message_cache_malloc(size);
}

#define malloc  message_cache_malloc
#define realloc message_cache_realloc
#define free    message_cache_free

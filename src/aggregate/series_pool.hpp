// Where series live: in chunks, so that they lie close together, and a chunk whose last series goes is given back to
// the host (a burst of short-lived series must not cost its memory for ever). One thread.
#pragma once

#include "aggregate/series_entry.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace agent::aggregate {

class SeriesPool {
  public:
    // Where a walk over all series has come to. From the last chunk to the first: one that is given back meanwhile is
    // replaced by one from the end, where the walk has been already.
    struct Cursor {
        std::size_t chunk = std::numeric_limits<std::size_t>::max();
        std::size_t left = 0; // in the chunk
    };

    SeriesPool() = default;
    SeriesPool(const SeriesPool&) = delete;
    SeriesPool& operator=(const SeriesPool&) = delete;

    // An empty series, marked in_use. It stays where it is until it is released.
    Series* make();

    // Of make().
    void release(Series* series);

    // The next series of a walk; it may be one that is not in use. None: the walk is over. It has seen everything but
    // what was made meanwhile.
    Series* next(Cursor& cursor);

    std::size_t size_bytes() const { return chunks_.size() * sizeof(Chunk); }

  private:
    static constexpr std::size_t chunk_bytes = 32 * 1024;
    static constexpr std::size_t chunk_series = chunk_bytes / sizeof(Series) - 1;

    // As large as it is aligned, so that a series finds its chunk.
    struct alignas(chunk_bytes) Chunk {
        std::array<Series, chunk_series> series;
        Series* free = nullptr; // linked by `twin`
        Chunk* next_open = nullptr;
        Chunk* previous_open = nullptr;
        std::size_t place = 0; // in chunks_
        std::size_t used = 0;
    };

    static_assert(sizeof(Chunk) == chunk_bytes);

    static Chunk& chunk_of(Series* series);
    Chunk& make_chunk();
    void destroy(Chunk& chunk);
    void link(Chunk& chunk);
    void unlink(Chunk& chunk);

    std::vector<std::unique_ptr<Chunk>> chunks_;
    Chunk* open_ = nullptr; // those with room
};

} // namespace agent::aggregate

#include "aggregate/series_pool.hpp"

#include <algorithm>
#include <utility>

namespace agent::aggregate {

Series* SeriesPool::make() {
    auto& chunk = open_ != nullptr ? *open_ : make_chunk();
    auto* const series = std::exchange(chunk.free, chunk.free->twin);
    *series = Series();
    series->in_use = true;
    ++chunk.used;
    if (chunk.free == nullptr) {
        unlink(chunk);
    }
    return series;
}

void SeriesPool::release(Series* series) {
    auto& chunk = chunk_of(series);
    if (chunk.free == nullptr) {
        link(chunk);
    }
    *series = Series();
    series->twin = std::exchange(chunk.free, series);
    if (--chunk.used == 0) {
        destroy(chunk);
    }
}

Series* SeriesPool::next(Cursor& cursor) {
    if (cursor.left == 0 || cursor.chunk >= chunks_.size()) {
        cursor.chunk = std::min(cursor.chunk, chunks_.size());
        if (cursor.chunk == 0) {
            return nullptr;
        }
        --cursor.chunk;
        cursor.left = chunk_series;
    }
    return &chunks_[cursor.chunk]->series[--cursor.left];
}

SeriesPool::Chunk& SeriesPool::chunk_of(Series* series) {
    const auto address = reinterpret_cast<std::uintptr_t>(series);
    return *reinterpret_cast<Chunk*>(address & ~std::uintptr_t{chunk_bytes - 1});
}

SeriesPool::Chunk& SeriesPool::make_chunk() {
    chunks_.push_back(std::make_unique<Chunk>());
    auto& chunk = *chunks_.back();
    chunk.place = chunks_.size() - 1;
    for (auto series = chunk.series.rbegin(); series != chunk.series.rend(); ++series) {
        series->twin = std::exchange(chunk.free, &*series);
    }
    link(chunk);
    return chunk;
}

void SeriesPool::destroy(Chunk& chunk) {
    unlink(chunk);
    const auto place = chunk.place;
    std::swap(chunks_[place], chunks_.back());
    chunks_[place]->place = place;
    chunks_.pop_back();
}

void SeriesPool::link(Chunk& chunk) {
    chunk.next_open = std::exchange(open_, &chunk);
    chunk.previous_open = nullptr;
    if (chunk.next_open != nullptr) {
        chunk.next_open->previous_open = &chunk;
    }
}

void SeriesPool::unlink(Chunk& chunk) {
    (chunk.previous_open != nullptr ? chunk.previous_open->next_open : open_) = chunk.next_open;
    if (chunk.next_open != nullptr) {
        chunk.next_open->previous_open = chunk.previous_open;
    }
}

} // namespace agent::aggregate

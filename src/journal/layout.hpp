// Where things are in a state directory; docs/durability.md has the whole of it.
#pragma once

#include "core/topic.hpp"
#include "journal/file_names.hpp"

#include <cstdint>
#include <string>

namespace agent::journal {

struct Layout {
    explicit Layout(const std::string& directory)
        : root(directory),
          lock(directory + "/lock"),
          deltas(directory + "/deltas"),
          outbox(directory + "/outbox"),
          dead_letters(directory + "/dead-letter"),
          set_aside(directory + "/set-aside") {}

    std::string delta_file(std::uint64_t first_frame) const {
        return deltas + "/" + file_name(first_frame, deltas_suffix);
    }

    std::string topic(core::Topic topic) const { return outbox + "/" + std::string(core::base_name(topic)); }
    std::string watermark(core::Topic topic) const { return this->topic(topic) + "/watermark"; }
    std::string records_file(core::Topic topic, std::uint64_t number) const {
        return this->topic(topic) + "/" + file_name(number, records_suffix);
    }

    // Where such a file goes when it cannot be used.
    std::string set_aside_deltas(std::uint64_t first_frame) const {
        return set_aside + "/" + file_name(first_frame, deltas_suffix);
    }
    std::string set_aside_records(core::Topic topic, std::uint64_t number) const {
        return set_aside + "/" + std::string(core::base_name(topic)) + "-" + file_name(number, records_suffix);
    }

    std::string root;
    std::string lock;
    std::string deltas;
    std::string outbox;
    std::string dead_letters;
    std::string set_aside;
};

} // namespace agent::journal

// A directory with a.log and what rotation left beside it, and what a search finds there.
#pragma once

#include "support/temporary_directory.hpp"
#include "tail/sibling_search.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace agent::test {

class SiblingRig {
  public:
    std::string path(const std::string& name) const { return directory_ / name; }
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }
    void copy(const std::string& from, const std::string& to) const {
        std::filesystem::copy_file(path(from), path(to));
    }
    void remove(const std::string& name) const { std::filesystem::remove(path(name)); }

    tail::Descriptor open(const std::string& name) const {
        auto opened = tail::open_log_file(directory_.path(), path(name), false);
        REQUIRE(opened.has_value());
        return *std::move(opened);
    }

    // a.log, read up to the offsets.
    tail::LostFile lost(const std::vector<std::uint64_t>& offsets) const {
        const auto file = open("a.log");
        tail::LostFile lost{.id = tail::facts_of(file.get())->id,
                            .fingerprint = *tail::fingerprint_of(file.get()),
                            .marks = {},
                            .offset = offsets.empty() ? 0 : offsets.back(),
                            .is_cut_short = false};
        for (const auto offset : offsets) {
            std::string before(tail::mark_length(offset), '\0');
            REQUIRE(*tail::read_at(file.get(), before, offset - before.size()) == before.size());
            lost.marks.push_back(tail::make_mark(offset, before));
        }
        return lost;
    }

    // Of a.log.
    tail::SiblingRequest request() const {
        tail::SiblingRequest request;
        request.path = path("a.log");
        request.base = directory_.path();
        request.known = std::make_shared<const std::vector<tail::FileId>>(known);
        return request;
    }
    tail::SiblingAnswer find(const tail::LostFile& lost) const {
        auto wanted = request();
        wanted.lost = lost;
        return tail::find_siblings(wanted);
    }
    // The name of what has the rest; empty: nothing has.
    std::string rest(const tail::LostFile& lost) const {
        const auto found = find(lost).rest;
        return found ? std::string(tail::name_of(found->path)) : "";
    }
    std::vector<std::string> generations(std::int64_t newer_than_ns = 0) const {
        auto wanted = request();
        wanted.wants_generations = true;
        wanted.newer_than_ns = newer_than_ns;
        return names(tail::find_siblings(wanted));
    }
    static std::vector<std::string> names(const tail::SiblingAnswer& answer) {
        std::vector<std::string> names;
        for (const auto& one : answer.generations) {
            names.emplace_back(tail::name_of(one.path));
        }
        return names;
    }
    void note_known(const std::string& name) {
        known.push_back(tail::facts_of(open(name).get())->id);
        std::ranges::sort(known);
    }

    std::vector<tail::FileId> known;

  private:
    test::TemporaryDirectory directory_;
};

inline std::string lines(int from, int to) {
    std::string text;
    for (; from < to; ++from) {
        text += "line " + std::to_string(from) + "\n";
    }
    return text;
}

} // namespace agent::test

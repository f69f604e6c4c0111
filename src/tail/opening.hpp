// One file to be opened, as it goes to the runner and comes back.
#pragma once

#include "tail/positions.hpp"
#include "tail/sibling_search.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace agent::tail {

struct Opening {
    std::string path;
    std::string base;
    std::uint64_t inode = 0;                    // that was seen there
    std::vector<SavedFile> candidates;          // of the last run, with that inode
    std::shared_ptr<const Descriptor> original; // what it may be a copy of
    LostFile original_form;                     // and what is known of that
    std::string original_uid;
    std::string known_uid; // of the file that is to be opened again

    // What came of it.
    int error = 0;
    Sibling at;
    bool looks_like_copy = false;
    std::optional<std::size_t> same; // the candidate that it is
    Mark end_mark;

    // Blocks.
    void run(bool follows);

  private:
    bool is_same(const SavedFile& saved) const;
};

} // namespace agent::tail

// What connections hold of lines whose LF has not come yet. One thread.
//
// A short beginning (core::limits::short_unfinished_bytes) is every connection's own. Longer ones share
// core::limits::max_unfinished_bytes: when they need more, the one that is longest under way is given up, so that
// clients which dribble long lines cost a bounded amount, and lose against those that finish theirs.
#pragma once

#include "core/limits.hpp"
#include "listen/listen_stats.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <string_view>

namespace agent::listen {

class UnfinishedLine;

// Of all connections of a thread; outlives their lines. Keeps stats.unfinished_bytes and counts what it gives up.
class UnfinishedLines {
  public:
    explicit UnfinishedLines(ListenStats& stats) : stats_(stats) {}
    UnfinishedLines(const UnfinishedLines&) = delete;
    UnfinishedLines& operator=(const UnfinishedLines&) = delete;

  private:
    friend class UnfinishedLine;

    void make_room();

    ListenStats& stats_;
    std::list<UnfinishedLine*> long_ones_; // the one longest under way first
};

// Of one connection.
class UnfinishedLine {
  public:
    explicit UnfinishedLine(UnfinishedLines& all) : all_(all) {}
    ~UnfinishedLine();
    UnfinishedLine(const UnfinishedLine&) = delete;
    UnfinishedLine& operator=(const UnfinishedLine&) = delete;

    std::string_view text() const { return text_; }

    // More of the same line.
    void append(std::string_view more);

    // The beginning of another line, or none.
    void assign(std::string_view text);

    // Whether its text was taken away since the last call: its connection has to skip the rest of that line.
    bool take_given_up();

  private:
    friend class UnfinishedLines;

    void charge();
    void release();

    UnfinishedLines& all_;
    std::string text_;
    std::size_t charged_bytes_ = 0; // 0 while it is short: then it is not in the list
    std::list<UnfinishedLine*>::iterator place_;
    bool is_given_up_ = false;
};

} // namespace agent::listen

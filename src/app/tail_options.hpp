// What `metrics-agent tail` was told, as typed (TailFlags) and checked (TailOptions). Only finalize() makes
// TailOptions, so whoever holds one holds checked values.
#pragma once

#include "app/shared_options.hpp"
#include "app/stream_settings.hpp"
#include "tail/stream_options.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace agent::app {

struct TailFlags : SharedFlags {
    StreamSettings stream; // globs may be relative
    bool once = false;
    std::vector<std::string> files; // with `once`; may be relative
};

class TailOptions : public SharedOptions {
  public:
    tail::StreamOptions stream; // with `once` it includes nothing
    bool once = false;
    std::vector<std::string> files; // with `once`: absolute paths, in the order given, and perhaps one "-"
    std::string state_dir;          // none, which only `once` can have: nothing is kept

    const std::string& agent_topic() const { return topics[core::index(core::Topic::agent)]; }

  private:
    TailOptions() = default;
    friend class TailFinalizer;
};

// Or everything that is wrong, each naming its flag. `directory` is what relative paths are relative to
// (absolute_path.hpp); empty: they are an error.
boost::system::result<TailOptions, std::vector<std::string>> finalize(const TailFlags& flags,
                                                                      std::string_view directory);

} // namespace agent::app

// Reads a small file whole.
#pragma once

#include <cstddef>
#include <string>

#include <boost/system/result.hpp>

namespace agent::app {

// Or why not, for people. A pipe is read to its end, too; more than `max_bytes` is an error.
boost::system::result<std::string, std::string> read_text_file(const std::string& path, std::size_t max_bytes);

} // namespace agent::app

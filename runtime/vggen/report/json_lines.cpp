// JSON objects on lines of their own, each written by one call of the system.
#include "vggen/report/json_lines.hpp"

#include "vggen/io/error.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <span>
#include <string>
#include <system_error>

namespace vggen {
namespace {

bool ends_within_a_line(const std::filesystem::path &path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  std::ifstream stream(path, std::ios::binary);
  stream.seekg(-1, std::ios::end);
  char last = '\n'; // of an empty file, and of one that may be written but not read
  stream.get(last);
  return last != '\n';
}

} // namespace

json_lines::json_lines(const std::filesystem::path &path) : file_(detail::append_file::open(path)) {
  constexpr char line_break = '\n';
  if (ends_within_a_line(path)) file_.append(std::as_bytes(std::span(&line_break, 1)));
}

void json_lines::write(const nlohmann::ordered_json &object) {
  if (!object.is_object())
    throw error(error_code::invalid_argument, file_.path().string() + ": found a JSON " + object.type_name() +
                                                  ", expected an object for a line");
  const std::string line =
      object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
  file_.append(std::as_bytes(std::span(line)));
}

} // namespace vggen

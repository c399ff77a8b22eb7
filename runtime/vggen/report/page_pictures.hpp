// Pictures that the page shows: confusions as colours, and how a picture gets into HTML.
#pragma once

#include "vggen/io/image.hpp"
#include "vggen/report/metrics.hpp"

#include <string>

namespace vggen::detail {

/// Returns `picture` as a URL that holds it.
[[nodiscard]] std::string data_url(const image &picture);

/// How strongly a cell beside the diagonal is coloured, from 0 to 1, for its share of its row: so that rare
/// confusions are seen too.
[[nodiscard]] double wrong_strength(double share);

/// Returns a pixel for each count, true classes downwards: white for none, blue on the diagonal, orange
/// beside it.
[[nodiscard]] image confusion_picture(const confusion_matrix &matrix);

} // namespace vggen::detail

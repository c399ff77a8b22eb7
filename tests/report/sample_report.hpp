// A report with data like those of a real training, for people to look at and for tests to check.
#pragma once

#include "vggen/report/training_report.hpp"

/// Returns a training of `epochs` epochs of a network of `classes` classes; with 10 classes, those of
/// CIFAR-10.
[[nodiscard]] vggen::training_report sample_report(int epochs, int classes);

"""Prints what TensorBoard finds in a folder of event files, as JSON: scalars by their tags, and texts."""

import json
import sys

from tensorboard.backend.event_processing import event_accumulator

found = event_accumulator.EventAccumulator(sys.argv[1], {event_accumulator.SCALARS: 0, event_accumulator.TENSORS: 0})
found.Reload()
scalars = {tag: [[e.step, e.value, e.wall_time] for e in found.Scalars(tag)] for tag in found.Tags()["scalars"]}
texts = {
    tag: [value.decode() for value in found.Tensors(tag)[0].tensor_proto.string_val]
    for tag in found.Tags()["tensors"]
    if found.SummaryMetadata(tag).plugin_data.plugin_name == "text"
}
json.dump({"scalars": scalars, "texts": texts}, sys.stdout)

"""Huawei's module acl as its reference pages and its source (`PyInit_acl`) have it.

No package index has it. A name stands with the number of its arguments, or the fewest and the
most, and with what it returns.
"""

from __future__ import annotations

#: What a function returns: its code alone, a value with the code, three values with the code, or
#: a value alone, which is 0 or empty where it fails.
CODE, VALUE_AND_CODE, THREE_AND_CODE, VALUE = "code", "value, code", "3 values, code", "value"

_BY_RETURN: dict[str, dict[str, int | tuple[int, int]]] = {
    CODE: {
        "init": (0, 1),
        "finalize": 0,
        "destroy_data_buffer": 1,
        "update_data_buffer": 3,
        "rt.set_device": 1,
        "rt.reset_device": 1,
        "rt.reset_device_force": 1,
        "rt.set_context": 1,
        "rt.destroy_context": 1,
        "rt.destroy_stream": 1,
        "rt.destroy_stream_force": 1,
        "rt.synchronize_device": 0,
        "rt.synchronize_stream": 1,
        "rt.synchronize_stream_with_timeout": 2,
        "rt.stream_wait_event": 2,
        "rt.synchronize_event": 1,
        "rt.record_event": 2,
        "rt.reset_event": 2,
        "rt.destroy_event": 1,
        "rt.free": 1,
        "rt.free_host": 1,
        "rt.memset": 4,
        "rt.memcpy": 5,
        "rt.memcpy_async": 6,
        "mdl.unload": 1,
        "mdl.destroy_dataset": 1,
        "mdl.destroy_desc": 1,
        "mdl.get_desc": 2,
        "mdl.set_dynamic_batch_size": 4,
        "mdl.execute": 3,
        "mdl.execute_async": 4,
        "util.stop_thread": 1,
    },
    VALUE_AND_CODE: {
        "rt.get_device": 0,
        "rt.get_device_count": 0,
        "rt.get_run_mode": 0,
        "rt.create_context": 1,
        "rt.get_context": 0,
        "rt.create_stream": 0,
        "rt.create_stream_with_config": 2,
        "rt.create_event": 0,
        "rt.create_event_with_flag": 1,
        "rt.create_event_ex_with_flag": 1,
        "rt.query_event": 1,
        "rt.query_event_status": 1,
        "rt.event_elapsed_time": 2,
        "rt.malloc": 2,
        "rt.malloc_host": 1,
        "mdl.load_from_file": 1,
        "mdl.add_dataset_buffer": 2,
        "mdl.get_input_dims": 2,
        "mdl.get_output_dims": 2,
        "mdl.get_cur_output_dims": 2,
        "mdl.get_input_index_by_name": 2,
        "mdl.get_output_index_by_name": 2,
        "mdl.get_dynamic_batch": 1,
        "util.start_thread": 2,
    },
    THREE_AND_CODE: {"get_version": 0},
    VALUE: {
        "get_soc_name": 0,
        "get_recent_err_msg": 0,
        "create_data_buffer": 2,
        "get_data_buffer_addr": 1,
        "get_data_buffer_size": 1,
        "get_data_buffer_size_v2": 1,
        "mdl.create_dataset": 0,
        "mdl.get_dataset_num_buffers": 1,
        "mdl.get_dataset_buffer": 2,
        "mdl.create_desc": 0,
        "mdl.get_num_inputs": 1,
        "mdl.get_num_outputs": 1,
        "mdl.get_input_size_by_index": 2,
        "mdl.get_output_size_by_index": 2,
        "mdl.get_input_data_type": 2,
        "mdl.get_output_data_type": 2,
        "mdl.get_input_format": 2,
        "mdl.get_output_format": 2,
        "mdl.get_input_name_by_index": 2,
        "mdl.get_output_name_by_index": 2,
        "util.ptr_to_bytes": 2,
        "util.bytes_to_ptr": 1,
    },
}

#: By name: the fewest and the most arguments, and what is returned.
PYACL = {
    name: (*(count if isinstance(count, tuple) else (count, count)), gives)
    for gives, names in _BY_RETURN.items()
    for name, count in names.items()
}

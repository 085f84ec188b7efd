"""The tests of the package jupyter_kernel_test with TypeScript samples, and three more."""
import unittest

import jupyter_kernel_test

KERNEL = "causalmixft"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
VIEW = "({ [Symbol.for('Jupyter.display')]() { return { 'text/plain': 'p', 'text/html': '<i>h</i>' } } })"


class KernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = KERNEL
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('to stderr')"
    completion_samples = [
        {"text": "Math.ma", "matches": {"max"}},
        {"text": "encodeURICompon", "matches": {"encodeURIComponent"}},
        {"text": "'abc'.toUpperC", "matches": {"toUpperCase"}},
    ]
    complete_code_samples = ["const a = 1;", "function f(x: number) { return x }", "type T = { a: 1 }"]
    incomplete_code_samples = ["function f() {", "const b = [1,", "console.log(", "const t = `abc"]
    invalid_code_samples = ["let = = 3;", "function f) {}", "const 1a = 2;"]
    code_generate_error = "throw new Error('on purpose')"
    code_execute_result = [
        {"code": "6 * 7", "mime": "text/plain", "result": "42"},
        {"code": "[1, 2, 3].map((x) => 2 * x)", "mime": "text/plain", "result": "[ 2, 4, 6 ]"},
        {"code": VIEW, "mime": "text/html", "result": "<i>h</i>"},
    ]
    code_display_data = [
        {"code": "display.html('<b>hi</b>')", "mime": "text/html"},
        {"code": f"display.bundle({{ 'image/png': '{PNG}' }})", "mime": "image/png"},
    ]
    code_clear_output = "clearOutput()"
    code_inspect_sample = "Math.max"
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6 [*] 7"

    def test_result_text(self) -> None:
        self.flush_channels()
        _, outputs = self.execute_helper("({ a: [1, 2], b: 'x' })")
        texts = [m["content"]["data"]["text/plain"] for m in outputs if m["msg_type"] == "execute_result"]
        self.assertEqual(texts, ["{ a: [ 1, 2 ], b: 'x' }"])

    def test_error_fields(self) -> None:
        self.flush_channels()
        reply, outputs = self.execute_helper("throw new RangeError('with fields')")
        self.assertEqual([m["msg_type"] for m in outputs], ["error"])
        self.assertEqual(reply["content"]["ename"], "RangeError")
        for field in ("ename", "evalue", "traceback"):
            self.assertEqual(outputs[0]["content"][field], reply["content"][field])

    def test_type_error(self) -> None:
        self.flush_channels()
        reply, outputs = self.execute_helper("console.log('ran'); const wrong: number = 'text'")
        self.assertEqual(reply["content"]["status"], "error")
        self.assertEqual([m["msg_type"] for m in outputs], ["error"])
        self.assertIn("not assignable", str(outputs[0]["content"]))


class WelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = KERNEL
    support_iopub_welcome = True

    def test_recv_iopub_welcome_msg(self) -> None:
        # The official test has no time limit.
        self.kc.start_channels()
        message = self.kc.get_iopub_msg(timeout=60)
        self.assertEqual(message["header"]["msg_type"], "iopub_welcome")


# The base classes are not tests themselves.
del jupyter_kernel_test


if __name__ == "__main__":
    unittest.main()

"""Execute notebooks with nbclient, which stops listening to a cell at `idle`, and tell what it kept."""
import json
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

v4 = nbformat.v4


def execute(cells):
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code) for code in cells])
    raised = False
    try:
        NotebookClient(notebook, kernel_name="causalmixft", timeout=180).execute()
    except CellExecutionError:
        raised = True
    return notebook.cells, raised


def text(cell):
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


counts = [1000, 20000]
loops = [f"for (let i = 0; i < {n}; i++) console.log('line ' + i)" for n in counts]
numbers = [f"{i} * 2" for i in range(100)]
cells, _ = execute(loops + numbers)
printed = [text(cell).splitlines() for cell in cells[:2]]
results = [[o.data["text/plain"] for o in cell.outputs] for cell in cells[2:]]
failed, raised = execute(["throw new Error('stop here')", "1"])
json.dump(
    {
        "lines": [len(lines) for lines in printed],
        "inOrder": all(line == f"line {i}" for lines in printed for i, line in enumerate(lines)),
        "results": sum(len(r) for r in results),
        "resultsInOrder": results == [[str(2 * i)] for i in range(100)],
        "errorRaised": raised,
        "errorOutputs": [o.output_type for o in failed[0].outputs],
    },
    sys.stdout,
)

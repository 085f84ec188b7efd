"""Times scikit-learn's histogram gradient boosting with one thread on the tables that run.mjs made: one line of JSON a table.

    python trees.py FOLDER REPEATS        (FOLDER/NAME.bin: float64 columns, then the target; FOLDER/tables.json)
"""

import json
import pathlib
import sys
import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

folder, repeats = pathlib.Path(sys.argv[1]), int(sys.argv[2])
with threadpool_limits(1):
    for table in json.loads((folder / "tables.json").read_text()):
        values = np.fromfile(folder / f"{table['name']}.bin").reshape(table["columns"] + 1, table["rows"])
        x, y = np.ascontiguousarray(values[:-1].T), values[-1]
        for loss in ("squared error", "logistic"):
            kind = HistGradientBoostingRegressor if loss == "squared error" else HistGradientBoostingClassifier
            target = y if loss == "squared error" else y > np.median(y)
            wall, cpu = [], []
            for _ in range(repeats + 1):
                start, busy = time.perf_counter(), time.process_time()
                kind(early_stopping=False).fit(x, target)
                wall.append(time.perf_counter() - start)
                cpu.append(time.process_time() - busy)
            print(json.dumps({"name": table["name"], "loss": loss, "wall": min(wall[1:]), "cpu": min(cpu[1:])}), flush=True)

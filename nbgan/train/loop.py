"""One training loop for every system, on one process or many.

Resuming equals never having stopped: the pictures and all noise of step ``t`` depend on the seed,
``t`` and the process number alone, so a training state needs no random states, and a run that was
killed goes on with exactly the numbers it would have drawn.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from torch import nn
from torch.utils.data import DataLoader, Dataset, default_collate
from torch.utils.tensorboard import SummaryWriter
from torchvision.utils import make_grid, save_image
from tqdm.auto import tqdm

from nbgan.errors import InputError
from nbgan.train.checkpoint import MODEL_FILE, STATE_FILE, load_state, save_model, save_state
from nbgan.train.ema import Ema
from nbgan.train.order import StepSampler, mirror, mix
from nbgan.train.system import Batch, Losses, Phase, System

LOG_FILE = "log.jsonl"


class Trainer:
    """Train a system and leave everything worth keeping in one folder.

    The folder holds ``model.safetensors`` (averaged weights, ready to use), ``state.safetensors``
    (to resume), ``log.jsonl``, ``samples/*.png`` and TensorBoard's event files.

    Args:
        system: freshly built.
        train_data: data set of training pictures.
        validation_data: data set for sample grids and evaluation; None for neither.
        out: output folder.
        resume: go on from the training state in ``out``, if there is one.
        progress: show a progress bar.

    Raises:
        InputError: the folder holds another run and ``resume`` is off; too few pictures.
    """

    def __init__(
        self,
        system: System,
        *,
        train_data: Dataset,
        validation_data: Dataset | None,
        out: str | Path,
        resume: bool = False,
        progress: bool = True,
    ) -> None:
        self.out = Path(out)
        self.recipe = recipe = system.recipe
        state_file = self.out / STATE_FILE
        if state_file.exists() and not resume:
            raise InputError(
                f"{self.out}: holds a training state already; add --resume to go on with it, or "
                "choose another output folder"
            )
        # Accelerate shares the first precision with all that a process trains later: in a notebook,
        # the next recipe may want another.
        AcceleratorState._shared_state = {}
        self.accelerator = Accelerator(
            mixed_precision="bf16" if recipe.precision == "bf16" else "no",
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
        self.main = self.accelerator.is_main_process
        self.progress = progress and self.main
        needed = recipe.batch_size * recipe.accumulate * self.accelerator.num_processes
        if len(train_data) < needed:  # type: ignore[arg-type]
            raise InputError(
                f"the data set has {len(train_data)} pictures, one step needs {needed}; "  # type: ignore[arg-type]
                "add pictures or lower 'batch_size'"
            )
        self.validation_data = validation_data
        system.check_data(train_data)
        if validation_data is not None:
            system.check_data(validation_data)

        if not state_file.exists():
            system.begin()
        if recipe.channels_last:
            system.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.accelerator.num_processes > 1 and self.accelerator.device.type == "cuda":
            system = nn.SyncBatchNorm.convert_sync_batchnorm(system)
        self.system = system.to(self.accelerator.device)
        self.ema = (
            Ema(system.shipped_networks(), decay=recipe.ema_decay).to(self.accelerator.device)
            if recipe.ema_decay
            else None
        )
        self.phases = system.phases()
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        for phase in self.phases:
            if not isinstance(phase.optimizer, str):
                with system.only(phase) as parameters:
                    self.optimizers[phase.name] = phase.optimizer(parameters)
        self.base_rates = {
            name: [group["lr"] for group in optimizer.param_groups]
            for name, optimizer in self.optimizers.items()
        }
        self.step, self.seconds = 0, 0.0
        if state_file.exists():
            self.step, self.seconds = load_state(
                state_file, system=self.system, ema=self.ema, optimizers=self.optimizers
            )
        self.train_data = self.system.training_data(train_data)
        self.wrapped = self.accelerator.prepare(self.system)

    def run(
        self, *, until: int | None = None, after_step: Callable[[int], None] | None = None
    ) -> System:
        """Train up to ``until`` steps (default: the recipe's) and save.

        Args:
            until: stop early; the state is saved, so a later run can resume.
            after_step: called with the number of steps done, for progress in a notebook.

        Returns:
            The system with averaged weights, in evaluation mode.
        """
        recipe = self.recipe
        until = min(until or recipe.steps, recipe.steps)
        batches = self._batches()
        writer = self._open_log()
        bar = tqdm(total=recipe.steps, initial=self.step, disable=not self.progress, unit="step")
        while self.step < until:
            started = time.perf_counter()
            # Before the batches: data sets that crop at random draw from the same generator.
            torch.manual_seed(mix(recipe.seed, self.step, self.accelerator.process_index))
            losses = self._one_step([next(batches) for _ in range(recipe.accumulate)])
            self.seconds += time.perf_counter() - started
            self.step += 1
            bar.update()
            if self._due(recipe.log_every) or self.step == until:
                self._log(writer, losses)
                bar.set_postfix({k: f"{v:.3g}" for k, v in list(losses.items())[:6]})
            if self._due(recipe.sample_every):
                self.save_samples()
            if self._due(recipe.evaluate_every) and self.step < recipe.steps:
                self._log(writer, self.evaluate(), prefix="evaluation")
            if self._due(recipe.checkpoint_every) or self.step == until:
                self.save()
            if after_step is not None:
                after_step(self.step)
        bar.close()
        if writer is not None:
            writer.close()
        if self.ema is not None:
            self.ema.copy_to(self.system.shipped_networks())
        self.system.eval()
        if self.step == recipe.steps:
            self.system.complete(self.train_data)
            self._save_model()
        return self.system

    @property
    def pictures_seen(self) -> int:
        """Training pictures that the steps so far have used, repetitions counted."""
        recipe = self.recipe
        each = recipe.batch_size * recipe.accumulate * self.accelerator.num_processes
        return self.step * each

    def evaluate(self) -> dict[str, float]:
        """The system's scores on validation pictures, with averaged weights; builds no graph."""
        if self.validation_data is None:
            return {}
        with self._averaged(), torch.no_grad(), self.accelerator.autocast():
            scores = self.system.evaluate(self._validation(self.recipe.evaluate_pictures))
        return {k: float(v) for k, v in scores.items()}

    def save(self) -> None:
        """Write the model file and the training state, each whole or not at all."""
        if not self.main:
            return
        with self._averaged():
            self._save_model()
        save_state(
            self.out / STATE_FILE,
            system=self.system,
            ema=self.ema,
            optimizers=self.optimizers,
            step=self.step,
            seconds=self.seconds,
        )

    def _save_model(self) -> None:
        if self.main:
            card = {"steps": self.step, "seconds": round(self.seconds, 1)}
            save_model(self.out / MODEL_FILE, self.system, card=card)

    def save_samples(self) -> None:
        """Write a sample grid for validation pictures."""
        if not self.main or self.validation_data is None:
            return
        batch = next(self._validation(8))
        with self._averaged(), torch.no_grad(), self.accelerator.autocast():
            pictures = self.system.preview(batch).float().cpu()
        folder = self.out / "samples"
        folder.mkdir(parents=True, exist_ok=True)
        grid = make_grid(pictures, nrow=len(next(iter(batch.values()))), padding=2)
        save_image(grid * 0.5 + 0.5, folder / f"step_{self.step:06d}.png")

    def _one_step(self, batches: list[Batch]) -> dict[str, float]:
        self.system.train()
        if self.recipe.flip:
            batches = [mirror(b) if torch.rand(()) < 0.5 else b for b in batches]
        factor = self.recipe.learning_rate_factor(self.step)
        logged: dict[str, float] = {}
        for phase in self.phases:
            if phase.runs_at(self.step):
                losses = self._update(phase, batches, factor)
                logged |= {f"{phase.name}/{k}": v for k, v in losses.items()}
        if self.ema is not None:
            self.ema.update(self.system.shipped_networks())
        return logged

    def _update(self, phase: Phase, batches: list[Batch], factor: float) -> dict[str, float]:
        owner = phase.optimizer if isinstance(phase.optimizer, str) else phase.name
        optimizer, rates = self.optimizers[owner], self.base_rates[owner]
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        optimizer.zero_grad(set_to_none=True)
        logged: dict[str, float] = {}
        with self.system.only(phase):
            for batch in batches:
                with self.accelerator.autocast():
                    losses: Losses = self.wrapped(phase.name, batch)
                total = torch.stack(list(losses.values())).sum() / len(batches)
                if not torch.isfinite(total):
                    terms = ", ".join(f"{k} = {v.item():.3g}" for k, v in losses.items())
                    raise FloatingPointError(
                        f"step {self.step}, phase '{phase.name}': the loss is not finite "
                        f"({terms}); lower the learning rate, or train in fp32"
                    )
                self.accelerator.backward(total)
                for name, value in losses.items():
                    logged[name] = logged.get(name, 0.0) + value.item() / len(batches)
        optimizer.step()
        # Not kept until this phase comes again: another phase needs the memory.
        optimizer.zero_grad(set_to_none=True)
        if phase.after is not None:
            phase.after()
        return logged

    def _batches(self) -> Iterator[Batch]:
        sampler = StepSampler(
            length=len(self.train_data),  # type: ignore[arg-type]
            batch_size=self.recipe.batch_size,
            accumulate=self.recipe.accumulate,
            seed=self.recipe.seed,
            start=self.step,
            process=self.accelerator.process_index,
            processes=self.accelerator.num_processes,
        )
        return map(self._to_device, iter(DataLoader(self.train_data, batch_sampler=sampler)))

    def _validation(self, pictures: int) -> Iterator[Batch]:
        data = self.validation_data
        assert data is not None
        pictures = min(pictures, len(data))  # type: ignore[arg-type]
        for first in range(0, pictures, self.recipe.batch_size):
            last = min(first + self.recipe.batch_size, pictures)
            yield self._to_device(default_collate([data[i] for i in range(first, last)]))

    def _to_device(self, batch: Batch) -> Batch:
        return {k: v.to(self.accelerator.device, non_blocking=True) for k, v in batch.items()}

    def _due(self, every: int) -> bool:
        return bool(every) and self.step % every == 0

    def _averaged(self) -> _Averaged:
        return _Averaged(self.system, self.ema)

    def _open_log(self) -> SummaryWriter | None:
        if not self.main:
            return None
        self.out.mkdir(parents=True, exist_ok=True)
        log = self.out / LOG_FILE
        if log.exists():
            # A killed run may have logged steps that its last state does not hold.
            lines = [x for x in log.read_text().splitlines() if json.loads(x)["step"] <= self.step]
            log.write_text("".join(line + "\n" for line in lines))
        return SummaryWriter(self.out / "tensorboard", purge_step=self.step + 1)

    def _log(
        self, writer: SummaryWriter | None, values: dict[str, float], prefix: str | None = None
    ) -> None:
        if writer is None:
            return
        named = {f"{prefix}/{k}" if prefix else k: v for k, v in values.items()}
        line = {"step": self.step, "seconds": round(self.seconds, 2), **named}
        with (self.out / LOG_FILE).open("a") as file:
            file.write(json.dumps(line) + "\n")
        for name, value in named.items():
            writer.add_scalar(name, value, self.step)


class _Averaged:
    """Context in which a system carries its averaged weights, in evaluation mode."""

    def __init__(self, system: System, ema: Ema | None) -> None:
        self.system, self.ema = system, ema

    def __enter__(self) -> None:
        self.system.eval()
        if self.ema is not None:
            networks = self.system.shipped_networks()
            self.kept = {
                name: {k: v.clone() for k, v in network.state_dict().items()}
                for name, network in networks.items()
            }
            self.ema.copy_to(networks)

    def __exit__(self, *_: object) -> None:
        if self.ema is not None:
            for name, network in self.system.shipped_networks().items():
                network.load_state_dict(self.kept[name])
        self.system.train()

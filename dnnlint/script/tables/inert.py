"""Calls that leave training alone: given a network, optimiser, loader or loss they change none of them.

They neither clear gradients, step, back-propagate, change the mode for good, nor own the loop. Names are those of the
callee; a prefix ends in a dot and covers everything below it. ptflops is missing on purpose: it leaves the network in
evaluation mode, as `wandb.agent` and `multiprocessing.spawn`, which call what they are given.
"""

from dnnlint.script.tables import words

INERT_PREFIXES = (
    "logging.",
    "loguru.",
    "structlog.",
    "absl.logging.",
    "warnings.",
    "json.",
    "yaml.",
    "pickle.",
    "csv.",
    "os.",
    "sys.",
    "io.",
    "gc.",
    "shutil.",
    "pathlib.",
    "glob.",
    "tempfile.",
    "platform.",
    "socket.",
    "re.",
    "string.",
    "textwrap.",
    "pprint.",
    "time.",
    "datetime.",
    "math.",
    "cmath.",
    "statistics.",
    "random.",
    "secrets.",
    "hashlib.",
    "uuid.",
    "collections.",
    "itertools.",
    "operator.",
    "copy.",
    "typing.",
    "inspect.",
    "traceback.",
    "numpy.",
    "scipy.",
    "pandas.",
    "polars.",
    "PIL.",
    "cv2.",
    "imageio.",
    "skimage.",
    "matplotlib.",
    "seaborn.",
    "plotly.",
    "bokeh.",
    "sklearn.metrics.",
    "sklearn.preprocessing.",
    "torchmetrics.",
    "torcheval.",
    "evaluate.",
    "sacrebleu.",
    "nltk.",
    "rouge_score.",
    "psutil.",
    "pynvml.",
    "termcolor.",
    "colorama.",
    "prettytable.",
    "tabulate.",
    "rich.",
    "tqdm.",
    "tensorboard.",
    "tensorboardX.",
    "tensorboard_logger.",
    "torch.utils.tensorboard.",
    "torch.utils.data.",
    "torch.utils.flop_counter.",
    "torch.profiler.",
    "torch.autograd.profiler.",
    "torch.autograd.graph.",
    "torch.backends.",
    "torch.random.",
    "torch.nn.init.",
    "torch.nn.utils.clip_grad.",
    "torch.nn.utils.prune.",
    "torch.nn.utils.rnn.",
    "torch.distributed.checkpoint.",
    "torch.testing.",
    "torch.version.",
    "torchvision.utils.",
    "torchvision.transforms.",
    "torchvision.io.",
    "torchaudio.transforms.",
    "torchinfo.",
    "torchsummary.",
    "torchsummaryX.",
    "torchviz.",
    "netron.",
    "thop.",
    "fvcore.nn.",
    "captum.attr.visualization.",
    "safetensors.",
    "huggingface_hub.",
    "omegaconf.",
    "visdom.",
    "comet_ml.",
    "neptune.",
    "clearml.",
    "swanlab.",
    "aim.",
)

_BUILTINS = words(
    """abs all any ascii bin bool bytes callable chr complex dict dir divmod enumerate filter float format
    frozenset hash hex id int isinstance issubclass iter len list max memoryview min next object oct open ord pow print
    range repr reversed round set slice sorted str sum super tuple type vars zip breakpoint input"""
)
_TORCH = words(
    """save load manual_seed seed initial_seed get_rng_state set_rng_state set_default_dtype set_default_device
    set_default_tensor_type set_printoptions set_float32_matmul_precision set_num_threads set_num_interop_threads
    use_deterministic_algorithms are_deterministic_algorithms_enabled get_default_dtype is_tensor is_grad_enabled
    is_autocast_enabled numel device autograd.grad autograd.gradcheck autograd.set_detect_anomaly
    autograd.detect_anomaly onnx.export onnx.dynamo_export
    hub.set_dir hub.download_url_to_file hub.load_state_dict_from_url jit.save
    cuda.is_available cuda.synchronize cuda.empty_cache cuda.manual_seed cuda.manual_seed_all cuda.set_device
    cuda.device_count cuda.current_device cuda.get_device_name cuda.get_device_properties cuda.memory_allocated
    cuda.max_memory_allocated cuda.memory_reserved cuda.max_memory_reserved cuda.reset_peak_memory_stats
    cuda.memory_summary cuda.mem_get_info cuda.Event cuda.Stream cuda.stream cuda.current_stream cuda.nvtx.range_push
    cuda.nvtx.range_pop cuda.nvtx.range
    mps.is_available mps.empty_cache mps.synchronize mps.manual_seed
    nn.utils.clip_grad_norm_ nn.utils.clip_grad_norm nn.utils.clip_grad_value_ nn.utils.clip_grads_with_norm_
    nn.utils.parameters_to_vector nn.utils.vector_to_parameters nn.utils.get_total_norm
    nn.utils.convert_parameters.parameters_to_vector nn.utils.convert_parameters.vector_to_parameters
    distributed.init_process_group distributed.destroy_process_group distributed.barrier distributed.get_rank
    distributed.get_world_size distributed.is_initialized distributed.is_available distributed.all_reduce
    distributed.reduce distributed.broadcast distributed.all_gather distributed.gather distributed.scatter
    distributed.all_gather_object distributed.broadcast_object_list distributed.gather_object distributed.new_group
    distributed.all_gather_into_tensor distributed.reduce_scatter distributed.send distributed.recv
    compiler.is_compiling compiler.cudagraph_mark_step_begin utils.model_zoo.load_url"""
)
_OTHERS = words(
    """wandb.init wandb.log wandb.watch wandb.unwatch wandb.save wandb.finish wandb.config.update wandb.Image
    wandb.Table wandb.Histogram wandb.Artifact wandb.log_artifact wandb.define_metric wandb.alert wandb.login
    wandb.run.log wandb.run.summary.update wandb.summary.update wandb.plot.confusion_matrix
    mlflow.log_metric mlflow.log_metrics mlflow.log_param mlflow.log_params mlflow.log_artifact mlflow.log_artifacts
    mlflow.set_experiment mlflow.set_tracking_uri mlflow.start_run mlflow.end_run mlflow.pytorch.log_model
    mlflow.pytorch.save_model mlflow.log_figure
    ray.train.report ray.tune.report ray.air.session.report nni.report_intermediate_result nni.report_final_result
    accelerate.utils.set_seed accelerate.logging.get_logger transformers.set_seed transformers.logging.set_verbosity
    lightning.seed_everything lightning.pytorch.seed_everything pytorch_lightning.seed_everything
    timm.utils.accuracy timm.utils.random_seed timm.utils.setup_default_logging timm.utils.reduce_tensor
    timm.data.resolve_data_config timm.data.resolve_model_data_config timm.models.load_checkpoint
    timm.models.resume_checkpoint
    torchsummary.summary torchinfo.summary pytorch_model_summary.summary thop.profile thop.clever_format
    torchviz.make_dot einops.asnumpy einops.parse_shape contextlib.nullcontext contextlib.suppress
    joblib.dump hydra.utils.get_original_cwd hydra.utils.to_absolute_path
    IPython.display.display IPython.display.clear_output display streamlit.write"""
)

INERT_NAMES = frozenset(
    {*_BUILTINS, *(f"builtins.{name}" for name in _BUILTINS), *(f"torch.{name}" for name in _TORCH), *_OTHERS}
)
"""Whole dotted names; builtins with and without their module."""

INERT_PACKAGES = frozenset(prefix[:-1] for prefix in INERT_PREFIXES if prefix.endswith(".") and prefix.count(".") == 1)
"""Top-level packages that are inert throughout, also as makers of objects: a SummaryWriter, a Logger, a Figure."""

INERT_CLASSES = frozenset(
    {
        "torch.utils.tensorboard.SummaryWriter",
        "torch.utils.tensorboard.writer.SummaryWriter",
        "tensorboardX.SummaryWriter",
        "logging.Logger",
        "wandb.Run",
        "tqdm.tqdm",
        "torch.profiler.profile",
        "torch.cuda.Event",
    }
)
"""Every method of their instances is inert."""

ITERATION_WRAPPERS: dict[str, str] = {
    # items: yields what its first argument yields
    **dict.fromkeys(
        words(
            """tqdm.tqdm tqdm.auto.tqdm tqdm.notebook.tqdm tqdm.std.tqdm tqdm.autonotebook.tqdm tqdm.asyncio.tqdm
            tqdm.rich.tqdm tqdm.tqdm_notebook tqdm.contrib.logging.tqdm rich.progress.track alive_progress.alive_it
            progressbar.progressbar fastprogress.progress_bar fastprogress.master_bar
            fastprogress.fastprogress.progress_bar fastprogress.fastprogress.master_bar itertools.cycle
            itertools.islice itertools.tee iter list tuple reversed sorted more_itertools.peekable
            prefetch_generator.BackgroundGenerator torch_xla.distributed.parallel_loader.MpDeviceLoader
            torch_xla.distributed.parallel_loader.ParallelLoader"""
        ),
        "items",
    ),
    # pairs: yields (number, item)
    "enumerate": "pairs",
    "tqdm.contrib.tenumerate": "pairs",
    # zip: yields one item of each argument as a tuple
    "zip": "zip",
    "itertools.zip_longest": "zip",
    "tqdm.contrib.tzip": "zip",
    # chain: yields the items of one argument after the other
    "itertools.chain": "chain",
    # product: yields tuples, one for every combination
    "itertools.product": "product",
    "tqdm.contrib.itertools.product": "product",
    # range: yields numbers
    "range": "range",
    "tqdm.trange": "range",
    "tqdm.auto.trange": "range",
    "tqdm.notebook.trange": "range",
    "tqdm.tnrange": "range",
    "tqdm.std.trange": "range",
}
"""Callables whose result is iterated in place of their arguments, and how their items look."""

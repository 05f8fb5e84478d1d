"""The tiny models that make_model_fixtures.py makes: their configurations.

A new architecture needs an entry or two in MODELS.
"""

import torch
import transformers

gpt2 = lambda **k: transformers.GPT2Config(resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, **k)
llama = transformers.LlamaConfig
F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16


def small(width, heads, key_values, inner, layers=2, **more):
    """The configuration fields that Llama and its descendants share."""
    return dict(
        dict(hidden_size=width, num_attention_heads=heads, num_key_value_heads=key_values, intermediate_size=inner,
             num_hidden_layers=layers, max_position_embeddings=128, pad_token_id=None), **more)


def rope(kind, theta=10000.0, **more):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **more))


MODELS = {
    "gpt2-a": (gpt2, dict(n_embd=48, n_head=4, n_layer=3, n_positions=80), F32),
    "gpt2-b": (gpt2, dict(n_embd=36, n_head=3, n_layer=2, n_inner=100, n_positions=64), BF16),
    "gpt2-published": (gpt2, dict(n_embd=32, n_head=2, n_layer=2, n_positions=56), F32),
    "llama-a": (
        llama,
        dict(hidden_size=64, intermediate_size=88, num_hidden_layers=2, num_attention_heads=8, num_key_value_heads=4,
             max_position_embeddings=128, rope_theta=50000.0, tie_word_embeddings=False),
        F32,
    ),
    "llama-b": (
        llama,
        dict(hidden_size=60, intermediate_size=77, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=2,
             head_dim=10, max_position_embeddings=96, tie_word_embeddings=True),
        BF16,
    ),
    "llama-sharded": (
        llama,
        dict(hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
             max_position_embeddings=64, tie_word_embeddings=False),
        F16,
    ),
    "llama-biases": (llama, small(32, 4, 1, 40, attention_bias=True, mlp_bias=True), F32),
    "llama-linear": (llama, small(32, 4, 2, 48, tie_word_embeddings=True, **rope("linear", factor=4.0)), F32),
    "llama-dynamic": (llama, small(36, 3, 3, 40, **rope("dynamic", 5e5, factor=2.0)), BF16),
    "llama-llama3": (
        llama,
        small(40, 5, 1, 44, tie_word_embeddings=True,
              **rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                     original_max_position_embeddings=16)),
        BF16,
    ),
    "llama-yarn": (
        llama,
        small(32, 2, 1, 48, **rope("yarn", 1e6, factor=4.0, original_max_position_embeddings=32, truncate=False,
                                   beta_fast=8.0, beta_slow=2.0)),
        F32,
    ),
    "llama-yarn-old": (
        llama,
        small(32, 2, 2, 40, **rope("yarn", factor=8.0, original_max_position_embeddings=16, mscale=0.7,
                                   mscale_all_dim=1.2)),
        BF16,
    ),
    "mistral-a": (transformers.MistralConfig, small(36, 4, 2, 40, head_dim=12, sliding_window=8), F32),
    "mistral-b": (transformers.MistralConfig, small(30, 6, 3, 52, head_dim=10, sliding_window=None), BF16),
    "qwen2-a": (transformers.Qwen2Config, small(32, 4, 2, 40, tie_word_embeddings=True), F32),
    "qwen2-b": (
        transformers.Qwen2Config,
        small(36, 6, 1, 44, 3, use_sliding_window=True, sliding_window=6, max_window_layers=1,
              **rope("yarn", factor=4.0, original_max_position_embeddings=32)),
        BF16,
    ),
    "qwen3-a": (transformers.Qwen3Config, small(32, 4, 2, 40, head_dim=12, tie_word_embeddings=True), F32),
    "qwen3-b": (transformers.Qwen3Config, small(40, 5, 5, 36, head_dim=8, attention_bias=True), BF16),
    "phi3-a": (transformers.Phi3Config, small(32, 4, 2, 40, sliding_window=9), F32),
    "phi3-b": (
        transformers.Phi3Config,
        small(32, 2, 1, 44, sliding_window=None, max_position_embeddings=512, original_max_position_embeddings=256,
              **rope("longrope", partial_rotary_factor=0.75, original_max_position_embeddings=256,
                     short_factor=[1.0, 1.1, 1.3, 2.0, 3.0, 4.5], long_factor=[1.0, 2.0, 3.0, 5.0, 8.0, 9.0])),
        BF16,
    ),
    "smollm3-a": (transformers.SmolLM3Config, small(32, 4, 2, 40, 4), F32),
    "smollm3-b": (
        transformers.SmolLM3Config,
        small(36, 3, 3, 40, 3, no_rope_layers=[0, 1, 0], attention_bias=True, mlp_bias=True, use_sliding_window=True,
              sliding_window=7, tie_word_embeddings=False),
        BF16,
    ),
    "olmo2-a": (transformers.Olmo2Config, small(32, 4, 2, 40), F32),
    "olmo2-b": (transformers.Olmo2Config, small(36, 6, 6, 44, 3, attention_bias=True, rms_norm_eps=1e-3), BF16),
    "gpt_neox-a": (  # a quarter of a head is an odd number of elements
        transformers.GPTNeoXConfig,
        dict(hidden_size=48, intermediate_size=72, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=128, **rope("default", partial_rotary_factor=0.25)),
        F32,
    ),
    "gpt_neox-b": (
        transformers.GPTNeoXConfig,
        dict(hidden_size=32, intermediate_size=60, num_hidden_layers=3, num_attention_heads=2,
             max_position_embeddings=96, use_parallel_residual=False, attention_bias=False, hidden_act="gelu_new",
             tie_word_embeddings=True, layer_norm_eps=1e-3, **rope("default", 3e3, partial_rotary_factor=0.5)),
        BF16,
    ),
    "gpt_neox-c": (
        transformers.GPTNeoXConfig,
        dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
             max_position_embeddings=96, **rope("default", partial_rotary_factor=0.25)),
        BF16,
    ),
    "gemma3-a": (
        transformers.Gemma3TextConfig,
        small(24, 3, 1, 32, 7, head_dim=16, sliding_window=8, query_pre_attn_scalar=20, pad_token_id=0),
        F32,
    ),
    "gemma3-b": (
        transformers.Gemma3TextConfig,
        small(32, 4, 2, 36, 3, head_dim=8, sliding_window=5, query_pre_attn_scalar=8, pad_token_id=0,
              layer_types=["sliding_attention", "full_attention", "sliding_attention"],
              rope_parameters=dict(
                  full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
                  sliding_attention=dict(rope_type="default", rope_theta=5e3))),
        BF16,
    ),
    "gemma-a": (
        transformers.GemmaConfig,
        small(24, 3, 1, 32, head_dim=16, pad_token_id=0, hidden_act="gelu"), BF16,
    ),
    "gemma2-a": (
        transformers.Gemma2Config,
        small(24, 3, 1, 32, 3, head_dim=16, sliding_window=6, query_pre_attn_scalar=20, attn_logit_softcapping=3.0,
              final_logit_softcapping=5.0, pad_token_id=0),
        F32,
    ),
    "gemma2-b": (
        transformers.Gemma2Config,
        small(32, 4, 2, 36, 2, head_dim=8, sliding_window=5, query_pre_attn_scalar=8, attn_logit_softcapping=4.0,
              final_logit_softcapping=None, attention_bias=True, pad_token_id=0,
              layer_types=["full_attention", "sliding_attention"]),
        BF16,
    ),
    "olmo3-a": (transformers.Olmo3Config, small(32, 4, 2, 40, 4, sliding_window=6), F32),
    "olmo3-b": (
        transformers.Olmo3Config,
        small(36, 6, 6, 44, 2, attention_bias=True, sliding_window=5,
              layer_types=["full_attention", "sliding_attention"],
              rope_parameters=dict(
                  full_attention=dict(rope_type="yarn", factor=4.0, rope_theta=5e5,
                                      original_max_position_embeddings=32),
                  sliding_attention=dict(rope_type="default", rope_theta=5e5))),
        BF16,
    ),
    "granite-a": (
        transformers.GraniteConfig,
        small(32, 4, 2, 40, embedding_multiplier=1.5, residual_multiplier=0.6, attention_multiplier=0.3,
              logits_scaling=1.5),
        F32,
    ),
    "granite-b": (
        transformers.GraniteConfig,
        small(36, 3, 1, 44, 3, embedding_multiplier=0.7, residual_multiplier=1.3, attention_multiplier=0.15,
              logits_scaling=0.9, attention_bias=True, mlp_bias=True),
        BF16,
    ),
    "phi-a": (transformers.PhiConfig, small(32, 4, 4, 40, **rope("default", partial_rotary_factor=0.5)), F32),
    "phi-b": (
        transformers.PhiConfig,
        small(40, 5, 5, 36, 3, qk_layernorm=True, hidden_act="gelu", layer_norm_eps=1e-3,
              **rope("default", 5e3, partial_rotary_factor=0.25)),
        BF16,
    ),
    "cohere-a": (transformers.CohereConfig, small(32, 4, 2, 40, logit_scale=0.5, tie_word_embeddings=False), F32),
    "cohere-b": (
        transformers.CohereConfig,
        small(36, 3, 1, 44, 3, use_qk_norm=True, attention_bias=True, logit_scale=0.7, tie_word_embeddings=False,
              layer_norm_eps=1e-3, **rope("default", 8e3)),
        BF16,
    ),
    "cohere2-a": (
        transformers.Cohere2Config,
        small(32, 4, 2, 40, 4, sliding_window=6, logit_scale=0.5, tie_word_embeddings=False), F32,
    ),
    "cohere2-b": (
        transformers.Cohere2Config,
        small(36, 3, 3, 40, 2, sliding_window=5, attention_bias=True, logit_scale=1.0, tie_word_embeddings=False,
              layer_types=["full_attention", "sliding_attention"]),
        BF16,
    ),
    "mixtral-a": (
        transformers.MixtralConfig,
        small(32, 4, 2, 20, num_local_experts=5, num_experts_per_tok=2, sliding_window=7), F32,
    ),
    "mixtral-b": (  # one tensor for all experts
        transformers.MixtralConfig,
        small(30, 3, 1, 16, 3, num_local_experts=4, num_experts_per_tok=3, head_dim=8), BF16,
    ),
    "qwen2_moe-a": (
        transformers.Qwen2MoeConfig,
        small(32, 4, 2, 40, num_experts=6, num_experts_per_tok=3, moe_intermediate_size=14,
              shared_expert_intermediate_size=44),
        F32,
    ),
    "qwen2_moe-b": (  # one tensor for all experts
        transformers.Qwen2MoeConfig,
        small(36, 3, 3, 24, 3, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=18, norm_topk_prob=True,
              shared_expert_intermediate_size=12, decoder_sparse_step=2, qkv_bias=False, use_sliding_window=True,
              sliding_window=6),
        BF16,
    ),
    "qwen3_moe-a": (
        transformers.Qwen3MoeConfig,
        small(32, 4, 2, 24, head_dim=12, num_experts=8, num_experts_per_tok=2, moe_intermediate_size=14,
              norm_topk_prob=True),
        F32,
    ),
    "qwen3_moe-b": (
        transformers.Qwen3MoeConfig,
        small(40, 5, 1, 36, 4, head_dim=8, num_experts=5, num_experts_per_tok=3, moe_intermediate_size=11,
              mlp_only_layers=[0, 3], attention_bias=True, use_sliding_window=True,
              sliding_window=9),
        BF16,
    ),
    "ministral-a": (
        transformers.MinistralConfig,
        small(32, 4, 2, 40, head_dim=8, sliding_window=6, layer_types=["sliding_attention", "full_attention"]), F32,
    ),
    "olmo-a": (transformers.OlmoConfig, small(32, 4, 2, 40), F32),
    "starcoder2-a": (transformers.Starcoder2Config, small(32, 4, 2, 40, sliding_window=7), F32),
    "starcoder2-b": (
        transformers.Starcoder2Config,
        small(36, 3, 1, 44, 3, use_bias=False, norm_epsilon=1e-3, tie_word_embeddings=False, hidden_act="gelu"), BF16,
    ),
    "stablelm-a": (
        transformers.StableLmConfig, small(32, 4, 4, 40, use_qkv_bias=True, **rope("default", partial_rotary_factor=0.25)),
        F32,
    ),
    "stablelm-b": (
        transformers.StableLmConfig,
        small(40, 5, 5, 36, 2, use_parallel_residual=True, qk_layernorm=True, layer_norm_eps=1e-3,
              **rope("default", partial_rotary_factor=0.5)),
        BF16,
    ),
    "glm-a": (transformers.GlmConfig, small(32, 4, 2, 40, head_dim=8, **rope("default", partial_rotary_factor=0.5)), F32),
    "glm-b": (
        transformers.GlmConfig,
        small(36, 3, 3, 44, 3, head_dim=10, attention_bias=False, **rope("default", partial_rotary_factor=0.8)), BF16,
    ),
    "glm4-a": (
        transformers.Glm4Config,
        small(36, 3, 1, 44, 3, head_dim=16, attention_bias=False, **rope("default", partial_rotary_factor=0.5)), BF16,
    ),
    "nemotron-a": (
        transformers.NemotronConfig,
        small(32, 4, 2, 40, attention_bias=True, mlp_bias=True, **rope("default", partial_rotary_factor=0.5)), F32,
    ),
    "nemotron-b": (
        transformers.NemotronConfig,
        small(40, 5, 1, 36, 2, head_dim=6, norm_eps=1e-3, **rope("default", partial_rotary_factor=1.0)), BF16,
    ),
    "arcee-a": (transformers.ArceeConfig, small(36, 3, 3, 44, 3, mlp_bias=True), BF16),
    "ernie4_5-a": (transformers.Ernie4_5Config, small(32, 4, 2, 40, head_dim=12, tie_word_embeddings=False), F32),
    "ernie4_5-b": (
        transformers.Ernie4_5Config,
        small(36, 3, 1, 44, 3, head_dim=8, use_bias=True, tie_word_embeddings=False, **rope("default", 1e4)), BF16,
    ),
    "exaone4-a": (transformers.Exaone4Config, small(32, 4, 2, 40, 4, sliding_window=6), F32),
    "exaone4-b": (
        transformers.Exaone4Config,
        small(36, 3, 1, 44, 3, sliding_window=None, layer_types=["full_attention"] * 3), BF16,
    ),
    "seed_oss-a": (
        transformers.SeedOssConfig, small(32, 4, 2, 40, head_dim=12, attention_out_bias=True, mlp_bias=True), F32,
    ),
    "seed_oss-b": (transformers.SeedOssConfig, small(36, 3, 1, 44, 3, head_dim=10, attention_bias=False), BF16),
    "helium-a": (transformers.HeliumConfig, small(32, 4, 4, 40, head_dim=8, attention_bias=True, mlp_bias=True), F32),
    "gemma3-sentencepiece": (
        transformers.Gemma3TextConfig,
        small(24, 4, 2, 40, 3, head_dim=8, sliding_window=8, query_pre_attn_scalar=8, pad_token_id=0),
        BF16,
    ),
}

# Models with projections in F8_E4M3, with scales as in published checkpoints, or with mixed dtypes.
QUANTISED = {"llama-f8-blocks": "blocks", "qwen3-f8-tensor": "tensor", "gpt_neox-f8-rows": "rows", "llama-f64": "f64"}
MODELS.update({
    "llama-f8-blocks": (llama, small(40, 4, 2, 72), BF16),
    "qwen3-f8-tensor": (transformers.Qwen3Config, small(32, 4, 2, 40, head_dim=12), BF16),
    "gpt_neox-f8-rows": MODELS["gpt_neox-c"],
    "llama-f64": (llama, small(32, 4, 2, 40), F32),
})

# Models with a tokenizer of their own and the logits of all tokens. The others have only the logits of the last
# LEAN_ROWS tokens, to be small.
WHOLE = ["gpt2-a", "gpt2-b", "gpt2-published", "llama-a", "llama-b", "llama-sharded", "gemma3-sentencepiece"]
LEAN_ROWS = 3

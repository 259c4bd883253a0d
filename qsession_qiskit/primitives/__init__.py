"""The primitives: SamplerV2 and EstimatorV2, their options and jobs."""

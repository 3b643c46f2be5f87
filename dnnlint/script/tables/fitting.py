"""What is fitted to data before a network is: scalers, selectors, resamplers; and what computes a statistic."""

from dnnlint.script.tables import words

_ESTIMATORS = {
    "sklearn.preprocessing": """StandardScaler MinMaxScaler RobustScaler MaxAbsScaler PowerTransformer
        QuantileTransformer""",
    "sklearn.decomposition": "PCA IncrementalPCA KernelPCA TruncatedSVD NMF FastICA FactorAnalysis",
    "sklearn.feature_selection": "SelectKBest SelectPercentile SelectFromModel RFE RFECV VarianceThreshold SelectFdr",
    "sklearn.impute": "SimpleImputer KNNImputer IterativeImputer",
    "sklearn.feature_extraction.text": "TfidfVectorizer TfidfTransformer",
    "imblearn.over_sampling": "SMOTE ADASYN BorderlineSMOTE SVMSMOTE SMOTENC RandomOverSampler",
    "imblearn.combine": "SMOTEENN SMOTETomek",
}
ESTIMATORS = frozenset(f"{package}.{name}" for package, names in _ESTIMATORS.items() for name in words(names))
"""Encoders of labels and categories are left out: that they know all classes does no harm."""

FITTING = frozenset(words("fit fit_transform fit_resample partial_fit"))
JOINING = frozenset(words("numpy.concatenate numpy.vstack numpy.append pandas.concat"))
STATISTICS = frozenset(words("mean std var max min median"))
NUMPY = frozenset(words("mean nanmean std nanstd var median max min amax amin"))

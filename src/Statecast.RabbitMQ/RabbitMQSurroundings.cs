using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Statecast.Hosting;

namespace Statecast.RabbitMQ;

/// <summary>What the carrier needs of its surroundings.</summary>
public sealed class RabbitMQSurroundings
{
    /// <param name="clock">The clock; null for the machine's.</param>
    /// <param name="entropy">The randomness; null for the machine's.</param>
    /// <param name="logger">The log; null for none.</param>
    public RabbitMQSurroundings(TimeProvider? clock = null, IEntropy? entropy = null, ILogger? logger = null) =>
        (Clock, Entropy, Logger) = (clock ?? TimeProvider.System, entropy ?? SystemEntropy.Instance, logger ?? NullLogger.Instance);

    internal TimeProvider Clock { get; }

    internal IEntropy Entropy { get; }

    internal ILogger Logger { get; }
}

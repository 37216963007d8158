namespace Statecast.Transport;

/// <summary>A carrier's way from its targets to their source. Safe for any number of threads.</summary>
public interface IStateRequests
{
    /// <summary>Asks a destination's source to say keys or ranges in full. A request may be lost, or arrive twice: who got no answer asks again.</summary>
    /// <exception cref="TransportException">The carrier does not take it now.</exception>
    ValueTask AskAsync(StateRequest request, CancellationToken ct);

    /// <summary>
    /// Waits for the next request to a destination. Called by its source, by one caller at a time. What was handed over before is done with: a carrier that has
    /// acknowledgements gives one for it now.
    /// </summary>
    ValueTask<StateRequest> ReceiveAsync(string destination, CancellationToken ct);
}

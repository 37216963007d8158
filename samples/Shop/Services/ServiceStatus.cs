namespace Shop.Services;

/// <summary>How a service's Statecast stands, as its status page tells.</summary>
/// <param name="Service">The service.</param>
/// <param name="Replicas">Its replicas.</param>
/// <param name="Effects">What its handlers did.</param>
internal sealed record ServiceStatus(string Service, IReadOnlyList<ReplicaView> Replicas, IReadOnlyDictionary<string, long> Effects);

/// <summary>One replica's figures.</summary>
/// <param name="Name">The destination it holds.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Keys">Keys that are not deleted.</param>
/// <param name="Received">Events that came.</param>
/// <param name="Applied">Events whose state a row took.</param>
/// <param name="Superseded">Events that a newer state made void.</param>
/// <param name="Parked">Keys with an event that cannot be applied.</param>
/// <param name="Waiting">Events received that are none of these and were not dropped: always 0 before partial updates exist.</param>
/// <param name="Behind">Positions of the log still to read, as far as known.</param>
/// <param name="Staleness">Seconds; null while unknown.</param>
/// <param name="Unknown">Why the staleness is unknown.</param>
/// <param name="WentBack">Keys that fell to an older state, or were dropped, when the source's database last went back.</param>
internal sealed record ReplicaView(
    string Name,
    string State,
    long Keys,
    long Received,
    long Applied,
    long Superseded,
    long Parked,
    long Waiting,
    long Behind,
    double? Staleness,
    string? Unknown,
    long WentBack
);

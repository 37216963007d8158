namespace Shop.Services;

/// <summary>What a service's handlers did, counted for the report.</summary>
internal interface IEffects
{
    Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken ct);
}

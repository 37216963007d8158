namespace Shop.Load;

/// <summary>One request of a customer.</summary>
/// <param name="Kind">What it does, for the report.</param>
/// <param name="Key">The order or customer that it changes.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path at the orders service.</param>
/// <param name="Body">The body, or null.</param>
internal sealed record Step(StepKind Kind, Guid Key, HttpMethod Method, string Path, object? Body = null);

/// <summary>What a request does.</summary>
internal enum StepKind
{
    Place,
    Change,
    Pay,
    Ship,
    Cancel,
    Remove,
    ChangeCustomer,
}

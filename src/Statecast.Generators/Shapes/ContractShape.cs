namespace Statecast.Generators.Shapes;

/// <summary>All that the emitter needs to know of one contract.</summary>
/// <param name="Namespace">The C# namespace; empty for the global one.</param>
/// <param name="Containers">The declarations of the types around it, outermost first, for example <c>partial class Tests</c>.</param>
/// <param name="TypeName">The record's own name.</param>
/// <param name="Name">The contract's name.</param>
/// <param name="Major">Its major version.</param>
/// <param name="State">The record's shape.</param>
/// <param name="HasPatches">Whether its states can travel as patches.</param>
/// <param name="HasFields">Whether it has a class that names its fields: not where the record has a member called so.</param>
/// <param name="Upcasters">What makes its state of an older major's, by that major.</param>
internal sealed record ContractShape(
    string Namespace,
    EquatableArray<string> Containers,
    string TypeName,
    string Name,
    int Major,
    RecordShape State,
    bool HasPatches,
    bool HasFields,
    EquatableArray<UpcasterShape> Upcasters
)
{
    /// <summary>The key's parts in the order of declaration.</summary>
    public IReadOnlyList<PropertyShape> Keys => [.. State.Properties.Where(p => p.IsKey)];
}

/// <summary>A method that makes a contract's state of an older major's.</summary>
/// <param name="Type">The older record, fully qualified.</param>
/// <param name="Major">Its major.</param>
internal sealed record UpcasterShape(string Type, int Major);

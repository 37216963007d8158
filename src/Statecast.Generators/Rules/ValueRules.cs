using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>What a contract's properties may hold.</summary>
internal static class ValueRules
{
    public static readonly DiagnosticDescriptor UnsupportedType = new(
        RuleIds.UnsupportedType,
        "A property is of a type that can travel",
        "'{0}' of type '{1}' cannot travel: {2}",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor MutableCollection = new(
        RuleIds.MutableCollection,
        "A collection is immutable",
        "'{0}' of type '{1}' is mutable or of unknown kind: write '{2}'",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor MutableProperty = new(
        RuleIds.MutableProperty,
        "A property is immutable",
        "'{0}' can be changed after construction: write '{{ get; init; }}' instead of '{{ get; set; }}', or 'readonly record struct' for a struct with positional properties",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor MapKeyNotString = new(
        RuleIds.MapKeyNotString,
        "A map's keys are strings",
        "'{0}' has keys of type '{1}': write 'ImmutableDictionary<string, {2}>', or an ImmutableArray of records with the key inside",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor DecimalWithoutPrecision = new(
        RuleIds.DecimalWithoutPrecision,
        "A decimal says its precision and scale",
        "'{0}' is a decimal without [Decimal(precision, scale)]: write for example [Decimal(18, 2)]",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadPrecision = new(
        RuleIds.BadPrecision,
        "A decimal's precision is 1 to 28 and its scale at most that",
        "'{0}' has [Decimal({1}, {2})]: the precision is 1 to 28, the scale 0 to the precision, and only decimals have them",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor NotSealedNested = new(
        RuleIds.NotSealedNested,
        "A nested class is a sealed record",
        "'{0}' holds '{1}', which must be a sealed record or a readonly struct: what a subclass adds would be lost",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor NoConstructor = new(
        RuleIds.NoConstructor,
        "A nested type can be constructed from its properties",
        "'{0}' cannot be made when a state is read: give it a constructor whose parameters are named and typed like its properties, or '{{ get; init; }}' properties and a constructor without parameters",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor Recursive = new(
        RuleIds.Recursive,
        "A contract is not recursive",
        "'{0}' leads back to '{1}': a state is a finite tree of types. Break the circle, for example by keys instead of nested states.",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor NothingTravels = new(
        RuleIds.NothingTravels,
        "A nested type has properties",
        "'{0}' has no property that can travel",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor NotSettable = new(
        RuleIds.NotSettable,
        "A stored property can be set at construction",
        "'{0}' stores a value that reading could not give back: write '{{ get; init; }}', or compute it with '=>'",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor PublicField = new(
        RuleIds.PublicField,
        "A state has properties, not fields",
        "'{0}' is a public field, which would not travel: write a property '{{ get; init; }}'",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor Inherits = new(
        RuleIds.Inherits,
        "A contract and what it nests inherit nothing",
        "'{0}' derives from '{1}', {2}",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadSetItem = new(
        RuleIds.BadSetItem,
        "A set's items are scalars",
        "'{0}' is a set of '{1}': {2}",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor[] All =
    [
        UnsupportedType,
        MutableCollection,
        MutableProperty,
        MapKeyNotString,
        DecimalWithoutPrecision,
        BadPrecision,
        NotSealedNested,
        NoConstructor,
        Recursive,
        NothingTravels,
        NotSettable,
        PublicField,
        Inherits,
        BadSetItem,
    ];
}

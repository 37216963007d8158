namespace Statecast.Generators.Shapes;

/// <summary>The shape of a value, without any symbol: equal for equal source.</summary>
/// <param name="Type">Its C# type, fully qualified, without a nullable annotation of its own.</param>
internal abstract record ValueShape(string Type)
{
    /// <summary>What travels: within structs that travel as their one property's value.</summary>
    public ValueShape Travelling => this is WrapperShape wrapper ? wrapper.Inner.Travelling : this;
}

/// <summary>The scalars, each with one Avro and one JSON form.</summary>
internal enum Scalar
{
    Boolean,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    String,
    Decimal,
    Guid,
    DateTimeOffset,
    DateTime,
    DateOnly,
    TimeOnly,
    TimeSpan,
    Bytes,
}

/// <summary>A scalar; precision and scale are a decimal's.</summary>
internal sealed record ScalarShape(string Type, Scalar Scalar, int Precision = 0, int Scale = 0) : ValueShape(Type);

/// <summary>A value or null.</summary>
internal sealed record NullableShape(ValueShape Inner) : ValueShape(Inner.Type + "?");

/// <summary>An enum, travelling by its members' names.</summary>
internal sealed record EnumShape(
    string Type,
    string Name,
    EquatableArray<string> Symbols,
    string? DefaultSymbol,
    EquatableArray<string> Aliases
) : ValueShape(Type);

/// <summary>A struct with one property (a typed id): it travels as that property's value.</summary>
internal sealed record WrapperShape(string Type, string Property, ValueShape Inner, bool ByConstructor) : ValueShape(Type);

/// <summary>A record or struct with named properties; a case of a closed hierarchy if it has a case name.</summary>
internal sealed record RecordShape(
    string Type,
    string Name,
    bool IsStruct,
    EquatableArray<PropertyShape> Properties,
    EquatableArray<string> Aliases,
    string? CaseName = null
) : ValueShape(Type)
{
    /// <summary>What it is called in the schema: as a case of a closed hierarchy by its declared name.</summary>
    public string SchemaName => CaseName ?? Name;

    /// <summary>Where its properties' names begin among those of its object in JSON: after that of the case.</summary>
    public int FirstName => CaseName is null ? 0 : 1;

    /// <summary>The one property of a struct that travels as that property's value. One that can be null stays a record: a null in a null would be lost.</summary>
    public PropertyShape? Wrapped => IsStruct && Properties is [{ Value: not NullableShape } only] ? only : null;
}

/// <summary>An abstract record of which all cases are known, in the order of their declaration.</summary>
internal sealed record HierarchyShape(string Type, string Name, EquatableArray<RecordShape> Cases) : ValueShape(Type);

/// <summary>An immutable array or list.</summary>
internal sealed record ListShape(string Type, ValueShape Item, string Factory) : ValueShape(Type)
{
    public bool IsArray => Factory == "ImmutableArray";
}

/// <summary>An immutable set of scalars or enums, or of structs that wrap one.</summary>
internal sealed record SetShape(string Type, ValueShape Item, string Factory) : ValueShape(Type)
{
    public bool IsSorted => Factory == "ImmutableSortedSet";

    /// <summary>Whether it is made with the ordinal comparer: a sorted set of texts would ask this machine's culture.</summary>
    public bool IsOrdinal => IsSorted && Item is ScalarShape { Scalar: Scalar.String };
}

/// <summary>An immutable dictionary with string keys.</summary>
internal sealed record MapShape(string Type, ValueShape Value, string Factory) : ValueShape(Type);

/// <summary>A property that travels.</summary>
/// <param name="Name">Its C# name.</param>
/// <param name="WireName">Its name in JSON and Avro.</param>
/// <param name="Value">Its value's shape.</param>
/// <param name="ConstructorIndex">Its position among the constructor's parameters; -1 if it is set by <c>init</c>.</param>
/// <param name="Default">What an older state lacking it gets; null if it must be there, unless it is nullable.</param>
/// <param name="Aliases">Earlier wire names.</param>
/// <param name="IsKey">Whether it is marked as a part of the key.</param>
internal sealed record PropertyShape(
    string Name,
    string WireName,
    ValueShape Value,
    int ConstructorIndex,
    DefaultShape? Default,
    EquatableArray<string> Aliases,
    bool IsKey
)
{
    public bool IsRequired => Default is null && Value is not NullableShape;
}

/// <summary>A default, as C#, as Avro's JSON, and as our JSON codec writes it where that differs.</summary>
internal sealed record DefaultShape(string CSharp, string Json, string? Plain = null);

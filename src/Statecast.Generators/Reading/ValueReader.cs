using Microsoft.CodeAnalysis;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Reading;

/// <summary>Reads a property's type into the shape of its value.</summary>
internal sealed class ValueReader(TypeReader types, Findings findings)
{
    private const string Collections = "System.Collections.Immutable";

    /// <summary>The shape of a property's value; null if a finding says why there is none.</summary>
    public ValueShape? Read(IPropertySymbol property, IParameterSymbol? parameter, string path)
    {
        var precision = Attributes.Find(property, parameter, "DecimalAttribute");
        var place = new Place(property, path, precision);
        var shape = Read(property.Type, place);
        if (precision is not null && shape is not null && !place.SawDecimal)
            findings.Add(ValueRules.BadPrecision, property, path, place.Precision, place.Scale);
        return shape;
    }

    private ValueShape? Read(ITypeSymbol type, Place place)
    {
        if (type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable)
            return Wrap(Read(nullable.TypeArguments[0], place));
        if (type is { IsReferenceType: true, NullableAnnotation: NullableAnnotation.Annotated })
            return Wrap(Read(type.WithNullableAnnotation(NullableAnnotation.NotAnnotated), place));
        return ReadPresent(type, place);
    }

    private static NullableShape? Wrap(ValueShape? inner) => inner is null ? null : new(inner);

    private ValueShape? ReadPresent(ITypeSymbol type, Place place)
    {
        if (ScalarOf(type) is { } scalar)
            return new ScalarShape(Names.Of(type), scalar);
        if (type.SpecialType == SpecialType.System_Decimal)
            return ReadDecimal(type, place);
        if (type is IArrayTypeSymbol array)
            return Mutable(type, place, $"ImmutableArray<{Names.Shown(array.ElementType)}>");
        if (type is not INamedTypeSymbol named || type.TypeKind == TypeKind.Error)
            return Unsupported(type, place, "its type is not known here");
        if (named.TypeKind == TypeKind.Enum)
        {
            types.CheckName(named, named.Name);
            return EnumReader.Read(named, place.Property, findings);
        }
        return named.IsGenericType && IsCollection(named) ? ReadCollection(named, place) : ReadNested(named, place);
    }

    private ScalarShape? ReadDecimal(ITypeSymbol type, Place place)
    {
        place.SawDecimal = true;
        if (place.Attribute is null)
        {
            findings.Add(ValueRules.DecimalWithoutPrecision, place.Property, place.Path);
            return null;
        }
        if (place.Precision is < 1 or > 28 || place.Scale < 0 || place.Scale > place.Precision)
        {
            findings.Add(ValueRules.BadPrecision, place.Property, place.Path, place.Precision, place.Scale);
            return null;
        }
        return new(Names.Of(type), Scalar.Decimal, place.Precision, place.Scale);
    }

    private ValueShape? ReadCollection(INamedTypeSymbol type, Place place)
    {
        if (Names.Is(type, Collections, "ImmutableArray`1") && type.TypeArguments[0].SpecialType == SpecialType.System_Byte)
            return new ScalarShape(Names.Of(type), Scalar.Bytes);
        if (Names.Is(type, Collections, "ImmutableArray`1") || Names.Is(type, Collections, "ImmutableList`1"))
            return Read(type.TypeArguments[0], place) is { } item ? new ListShape(Names.Of(type), item, type.Name) : null;
        if (Names.Is(type, Collections, "ImmutableHashSet`1") || Names.Is(type, Collections, "ImmutableSortedSet`1"))
            return ReadSet(type, place);
        if (!Names.Is(type, Collections, "ImmutableDictionary`2") && !Names.Is(type, Collections, "ImmutableSortedDictionary`2"))
            return Mutable(type, place, Instead(type));
        if (type.TypeArguments[0].SpecialType != SpecialType.System_String)
        {
            findings.Add(
                ValueRules.MapKeyNotString,
                place.Property,
                place.Path,
                Names.Shown(type.TypeArguments[0]),
                Names.Shown(type.TypeArguments[1])
            );
            return null;
        }
        return Read(type.TypeArguments[1], place) is { } value ? new MapShape(Names.Of(type), value, type.Name) : null;
    }

    private SetShape? ReadSet(INamedTypeSymbol type, Place place)
    {
        var item = type.TypeArguments[0];
        if (Read(item, place) is not { } shape)
            return null;
        var set = new SetShape(Names.Of(type), shape, type.Name);
        var problem =
            !HasOrder(shape) ? "its items have no order that every language could follow; write an ImmutableArray"
            : set.IsSorted && !IsComparable(item) ? $"'{Names.Shown(item)}' is not comparable; write an ImmutableHashSet"
            : null;
        if (problem is null)
            return set;
        findings.Add(ValueRules.BadSetItem, place.Property, place.Path, Names.Shown(item), problem);
        return null;
    }

    // Floating point has two zeros, and what holds a collection is equal to itself alone: a set of them would not be what is equal on the wire.
    private static bool HasOrder(ValueShape shape) =>
        shape switch
        {
            WrapperShape wrapper => HasOrder(wrapper.Inner),
            EnumShape => true,
            ScalarShape scalar => scalar.Scalar is not (Scalar.Single or Scalar.Double or Scalar.Bytes),
            _ => false,
        };

    private static bool IsComparable(ITypeSymbol type) =>
        type.TypeKind == TypeKind.Enum
        || type.AllInterfaces.Any(i => Names.Is(i, "System", "IComparable") || Names.Is(i, "System", "IComparable`1"));

    private ValueShape? ReadNested(INamedTypeSymbol type, Place place)
    {
        if (type.TypeKind is not (TypeKind.Class or TypeKind.Struct) || type.IsTupleType || IsFramework(type))
            return Unsupported(type, place, Advice(type));
        if (type.IsGenericType)
            return Unsupported(type, place, "a generic type has no one name in a schema; declare a record of its own");
        if (type is { TypeKind: TypeKind.Class, IsRecord: true, IsAbstract: true })
            return ReadHierarchy(type, place);
        if (type.TypeKind == TypeKind.Class && type is not { IsRecord: true, IsSealed: true })
        {
            findings.AddMendable(ValueRules.NotSealedNested, place.Property, [(MendKeys.Type, Names.Shown(type))], place.Path, type.Name);
            return null;
        }
        if (types.ReadRecord(type) is not { } record)
            return null;
        // A decimal inside speaks for itself, by its own property's attribute.
        return record.Wrapped is { } only ? new WrapperShape(record.Type, only.Name, only.Value, only.ConstructorIndex >= 0) : record;
    }

    private HierarchyShape? ReadHierarchy(INamedTypeSymbol type, Place place)
    {
        if (HierarchyReader.Declared(type).Count > 0)
            return types.ReadHierarchy(type);
        findings.AddMendable(CaseRules.NoCases, place.Property, [(MendKeys.Type, Names.Shown(type))], place.Path, type.Name);
        return null;
    }

    private ValueShape? Mutable(ITypeSymbol type, Place place, string instead)
    {
        findings.AddMendable(
            ValueRules.MutableCollection,
            place.Property,
            [(MendKeys.Type, Names.Shown(type)), (MendKeys.Instead, $"{Collections}.{instead.Substring(0, instead.IndexOf('<'))}")],
            place.Path,
            Names.Shown(type),
            instead
        );
        return null;
    }

    private ValueShape? Unsupported(ITypeSymbol type, Place place, string advice)
    {
        findings.Add(ValueRules.UnsupportedType, place.Property, place.Path, Names.Shown(type), advice);
        return null;
    }

    private static bool IsCollection(INamedTypeSymbol type) =>
        type.SpecialType == SpecialType.System_Collections_IEnumerable
        || type.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T
        || type.AllInterfaces.Any(i => i.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T);

    private static string Instead(INamedTypeSymbol type)
    {
        var item = Names.Shown(type.TypeArguments[0]);
        return (type.TypeArguments.Length, type.Name) switch
        {
            (2, "SortedDictionary" or "SortedList") => $"ImmutableSortedDictionary<string, {Names.Shown(type.TypeArguments[1])}>",
            (2, _) => $"ImmutableDictionary<string, {Names.Shown(type.TypeArguments[1])}>",
            (_, "SortedSet") => $"ImmutableSortedSet<{item}>",
            _ when type.AllInterfaces.Append(type).Any(IsSet) => $"ImmutableHashSet<{item}>",
            _ => $"ImmutableArray<{item}>",
        };
    }

    private static bool IsSet(INamedTypeSymbol type) => type.Name is "ISet" or "IReadOnlySet" or "IImmutableSet";

    // A framework type that no rule names would be taken apart by its properties, which is never meant.
    private static bool IsFramework(INamedTypeSymbol type)
    {
        for (var ns = type.ContainingNamespace; ns is { IsGlobalNamespace: false }; ns = ns.ContainingNamespace)
            if (ns is { Name: "System", ContainingNamespace.IsGlobalNamespace: true })
                return true;
        return false;
    }

    private static string Advice(INamedTypeSymbol type) =>
        type.ToDisplayString() switch
        {
            "object" => "write the type that is meant",
            "System.Uri" or "System.Version" or "char" or "System.Globalization.CultureInfo" => "write a string",
            "System.Half" or "System.Int128" or "System.UInt128" or "System.Numerics.BigInteger" or "nint" or "nuint" =>
                "write a long, a double or a decimal",
            "System.Memory<byte>" or "System.ReadOnlyMemory<byte>" => "write 'ImmutableArray<byte>'",
            _ when type.IsTupleType => "declare a record with named properties",
            _ when type.TypeKind == TypeKind.Interface =>
                "write a sealed record, or an abstract one with [StateCase]; for a collection 'ImmutableArray<T>'",
            _ => "use a scalar, an enum, a sealed record, a readonly struct or an immutable collection",
        };

    private static Scalar? ScalarOf(ITypeSymbol type) =>
        type.SpecialType switch
        {
            SpecialType.System_Boolean => Scalar.Boolean,
            SpecialType.System_SByte => Scalar.SByte,
            SpecialType.System_Byte => Scalar.Byte,
            SpecialType.System_Int16 => Scalar.Int16,
            SpecialType.System_UInt16 => Scalar.UInt16,
            SpecialType.System_Int32 => Scalar.Int32,
            SpecialType.System_UInt32 => Scalar.UInt32,
            SpecialType.System_Int64 => Scalar.Int64,
            SpecialType.System_UInt64 => Scalar.UInt64,
            SpecialType.System_Single => Scalar.Single,
            SpecialType.System_Double => Scalar.Double,
            SpecialType.System_String => Scalar.String,
            SpecialType.System_DateTime => Scalar.DateTime,
            _ when type is INamedTypeSymbol named && Names.Is(named, "System", "Guid") => Scalar.Guid,
            _ when type is INamedTypeSymbol named && Names.Is(named, "System", "DateTimeOffset") => Scalar.DateTimeOffset,
            _ when type is INamedTypeSymbol named && Names.Is(named, "System", "DateOnly") => Scalar.DateOnly,
            _ when type is INamedTypeSymbol named && Names.Is(named, "System", "TimeOnly") => Scalar.TimeOnly,
            _ when type is INamedTypeSymbol named && Names.Is(named, "System", "TimeSpan") => Scalar.TimeSpan,
            _ => null,
        };

    /// <summary>The property whose type is being read, however deep inside it.</summary>
    private sealed class Place(IPropertySymbol property, string path, AttributeData? attribute)
    {
        public IPropertySymbol Property { get; } = property;

        public string Path { get; } = path;

        public AttributeData? Attribute { get; } = attribute;

        public int Precision { get; } = Argument(attribute, 0);

        public int Scale { get; } = Argument(attribute, 1);

        public bool SawDecimal { get; set; }

        private static int Argument(AttributeData? attribute, int index) =>
            attribute is { ConstructorArguments: { Length: 2 } arguments } && arguments[index].Value is int value ? value : -1;
    }
}

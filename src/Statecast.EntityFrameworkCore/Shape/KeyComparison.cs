using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Statecast.EntityFrameworkCore.Shape;

/// <summary>Comparisons of key columns, as expressions that EF translates. They run in the database, in its order and by its type, never here.</summary>
internal static class KeyComparison
{
    private static readonly MethodInfo Property = typeof(EF).GetMethod(nameof(EF.Property))!;
    private static readonly MethodInfo ObjectEquals = typeof(object).GetMethod(nameof(object.Equals), [typeof(object), typeof(object)])!;

    private static readonly MethodInfo Hold = typeof(KeyComparison).GetMethod(
        nameof(HoldTyped),
        BindingFlags.NonPublic | BindingFlags.Static
    )!;

    private static readonly MethodInfo InTyped = typeof(KeyComparison).GetMethod(
        nameof(AnyOfTyped),
        BindingFlags.NonPublic | BindingFlags.Static
    )!;

    public static Expression Column(Expression root, IProperty property) => Member(root, property);

    /// <summary>A mapped property or navigation of a row, shadow or not.</summary>
    public static Expression Member(Expression root, IPropertyBase member) =>
        Expression.Call(Property.MakeGenericMethod(member.ClrType), root, Expression.Constant(member.Name));

    public static Expression Equal(Expression left, Expression right)
    {
        // A typed id need not have an equality operator; EF compares the stored values in either form.
        var type = Nullable.GetUnderlyingType(left.Type) ?? left.Type;
        if (type.IsPrimitive || type.IsEnum || type.GetMethod("op_Equality") is not null)
            return Expression.Equal(left, right);
        return Expression.Call(ObjectEquals, Expression.Convert(left, typeof(object)), Expression.Convert(right, typeof(object)));
    }

    /// <summary>Whether a column holds one of some keys; they travel as parameters.</summary>
    public static Expression AnyOf(Expression root, IProperty property, object[] keys) =>
        (Expression)
            InTyped.MakeGenericMethod(property.ClrType).Invoke(null, [Column(root, property), Array.ConvertAll(keys, RowKey.Single)])!;

    public static Expression Greater(Expression left, Expression right)
    {
        if (left.Type.IsPrimitive)
            return Expression.GreaterThan(left, right);
        // Guid, string, enums and typed ids have no > in C#, their columns have: the method only names the node.
        var after = typeof(KeyComparison)
            .GetMethod(nameof(After), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(left.Type);
        return Expression.GreaterThan(left, right, liftToNull: false, after);
    }

    /// <summary>A value as a parameter of the command; a constant would make a new query of every value.</summary>
    public static Expression Held(Type type, object? value) => (Expression)Hold.MakeGenericMethod(type).Invoke(null, [value])!;

    /// <summary>Some value that a property could have, for queries that are only translated; null if none can be made up.</summary>
    public static object? Sample(IProperty property)
    {
        var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        return type == typeof(string) ? ""
            : type == typeof(byte[]) ? Array.Empty<byte>()
            : type.IsValueType ? Activator.CreateInstance(type)
            : property.Sentinel;
    }

    private static Expression AnyOfTyped<T>(Expression column, object[] values) =>
        Expression.Call(
            typeof(Enumerable),
            nameof(Enumerable.Contains),
            [typeof(T)],
            HoldTyped(Array.ConvertAll(values, v => (T)v)),
            column
        );

    private static Expression HoldTyped<T>(T value)
    {
        var holder = new Holder<T>(value);
        return Expression.Property(Expression.Constant(holder), nameof(Holder<>.Value));
    }

    private static bool After<T>(T left, T right) => throw new InvalidOperationException("A key is compared by the database only.");

    private sealed record Holder<T>(T Value);
}

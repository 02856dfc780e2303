/* The block parley/inbox in the editor: a place holder. */
( function ( blocks, element, components, editor, i18n ) {
	'use strict';

	blocks.registerBlockType( 'parley/inbox', {
		edit: function () {
			return element.createElement(
				'div',
				editor.useBlockProps(),
				element.createElement( components.Placeholder, {
					icon: 'format-chat',
					label: i18n.__( 'Messages', 'parley' ),
					instructions: i18n.__( 'Here each member sees their own messages.', 'parley' ),
				} )
			);
		},
		save: function () {
			return null;
		},
	} );
} )( window.wp.blocks, window.wp.element, window.wp.components, window.wp.blockEditor, window.wp.i18n );
